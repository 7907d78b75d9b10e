//! Completion scripts and manual pages are made from the description of the command line and kept in the tree, so that
//! the program itself need not carry what makes them. After a change of the command line, make them anew:
//! `WRITE_GENERATED=1 cargo nextest run --test it generated`

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

/// Path below the tree, and content.
type Files = BTreeMap<String, String>;

const AGAIN: &str = "WRITE_GENERATED=1 cargo nextest run --test it generated";

#[test]
fn completions_are_those_of_this_program() {
    is_current("completions", &completions());
}

#[test]
fn manual_pages_are_those_of_this_program() {
    is_current("man", &pages());
}

#[test]
fn bash_completes_commands_options_and_files() {
    let ends = [
        ("mikrelay pl", "plan"),
        ("mikrelay plan s", "show set"),
        ("mikrelay plan add --cur", "--currency"),
        ("mikrelay account add --secret-key", "--secret-key-file"),
        ("mikrelay hook endpoint r", "remove rotate"),
        ("mikrelay account add --secret-key-file Cargo.to", "Cargo.toml"),
    ];
    for (typed, wanted) in ends {
        // `compopt` works only below a prompt.
        let script = format!(
            "compopt() {{ :; }}; source completions/mikrelay.bash; words=({typed}); COMP_WORDS=(\"${{words[@]}}\"); \
             COMP_CWORD=$((${{#words[@]}} - 1)); \
             _mikrelay mikrelay \"${{words[-1]}}\" \"${{words[-2]}}\"; echo \"${{COMPREPLY[@]}}\""
        );
        let bash = Command::new("bash")
            .args(["--norc", "-c", &script])
            .current_dir(tree())
            .output();
        let bash = bash.unwrap();
        assert!(bash.status.success(), "{}", String::from_utf8_lossy(&bash.stderr));
        assert_eq!(String::from_utf8_lossy(&bash.stdout).trim(), wanted, "{typed}");
        assert_eq!(String::from_utf8_lossy(&bash.stderr), "", "{typed}");
    }
}

#[test]
fn manual_pages_have_no_fault_that_the_formatter_sees() {
    for path in pages().keys() {
        let groff = Command::new("groff")
            .args(["-man", "-Tutf8", "-ww", "-z", path])
            .current_dir(tree())
            .output();
        // Where the formatter is not installed, there is nobody to ask.
        let Ok(groff) = groff else { return };
        assert_eq!(String::from_utf8_lossy(&groff.stderr), "", "{path}");
        assert!(groff.status.success(), "{path}");
    }
}

fn is_current(folder: &str, files: &Files) {
    if std::env::var_os("WRITE_GENERATED").is_some() {
        let _ = std::fs::remove_dir_all(tree().join(folder));
        std::fs::create_dir_all(tree().join(folder)).unwrap();
        for (path, text) in files {
            std::fs::write(tree().join(path), text).unwrap();
        }
    }
    let found = std::fs::read_dir(tree().join(folder)).map_or_else(|_| Vec::new(), Iterator::collect);
    let found: Vec<String> = found
        .into_iter()
        .map(|entry| format!("{folder}/{}", entry.unwrap().file_name().to_string_lossy()))
        .collect();
    let unknown: Vec<_> = found.iter().filter(|path| !files.contains_key(*path)).collect();
    assert!(unknown.is_empty(), "nothing makes {unknown:?}; run `{AGAIN}`");
    for (path, text) in files {
        let stored = std::fs::read_to_string(tree().join(path)).unwrap_or_default();
        assert!(&stored == text, "`{path}` is not of this program; run `{AGAIN}`");
    }
}

fn completions() -> Files {
    let names = [
        (Shell::Bash, "mikrelay.bash"),
        (Shell::Zsh, "_mikrelay"),
        (Shell::Fish, "mikrelay.fish"),
    ];
    let script = |(shell, name): (Shell, &str)| {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut mikrelay::cli::description(), "mikrelay", &mut script);
        (format!("completions/{name}"), String::from_utf8(script).unwrap())
    };
    names.into_iter().map(script).collect()
}

/// One page for each command that has commands of its own, and one for all the others.
fn pages() -> Files {
    let mut program = mikrelay::cli::description();
    program.build();
    let mut files = Files::from([("man/mikrelay.1".to_owned(), page(&program, &leaves(&program)))]);
    for group in commands(&program).filter(|command| command.has_subcommands()) {
        let name = format!("man/mikrelay-{}.1", group.get_name());
        files.insert(name, page(group, &leaves(group)));
    }
    files
}

fn commands(command: &clap::Command) -> impl Iterator<Item = &clap::Command> {
    let listed = |it: &&clap::Command| it.get_name() != "help" && !it.is_hide_set();
    command.get_subcommands().filter(listed)
}

/// The commands of a page: below a group all of them, below the program those that have no page of their own.
fn leaves(command: &clap::Command) -> Vec<&clap::Command> {
    let is_program = command.get_name() == "mikrelay";
    let mut all = Vec::new();
    for one in commands(command) {
        if !one.has_subcommands() {
            all.push(one);
        } else if !is_program {
            all.extend(leaves(one));
        }
    }
    all
}

fn page(of: &clap::Command, commands: &[&clap::Command]) -> String {
    let man = Man::new(of.clone()).manual("mikrelay");
    let mut text = Vec::new();
    man.render_title(&mut text).unwrap();
    man.render_name_section(&mut text).unwrap();
    man.render_synopsis_section(&mut text).unwrap();
    if of.get_name() == "mikrelay" {
        let mut groups = Roff::new();
        groups.control("SH", ["COMMANDS WITH A PAGE OF THEIR OWN"]);
        for group in self::commands(of).filter(|command| command.has_subcommands()) {
            groups.control("TP", []);
            groups.text([roman(format!("mikrelay-{}(1)", group.get_name()))]);
            groups.text([roman(group.get_about().unwrap().to_string())]);
        }
        groups.to_writer(&mut text).unwrap();
    }
    let mut text = String::from_utf8(text).unwrap();
    text.push_str(".SH COMMANDS\n");
    for command in commands {
        text.push_str(&section(command));
    }
    text
}

/// One command within a page.
fn section(command: &clap::Command) -> String {
    // Each of these stands on every page already.
    let own = command.clone().mut_args(|arg| match arg.get_id().as_str() {
        "help" | "version" | "config" => arg.hide(true),
        _ => arg,
    });
    let man = Man::new(own);
    let mut text = Vec::new();
    man.render_synopsis_section(&mut text).unwrap();
    man.render_description_section(&mut text).unwrap();
    let has_options = command
        .get_arguments()
        .any(|arg| !["help", "version", "config"].contains(&arg.get_id().as_str()));
    if has_options {
        man.render_options_section(&mut text).unwrap();
    }
    let text = String::from_utf8(text).unwrap();
    let name = command.get_bin_name().unwrap();
    let text = text.replace(".SH SYNOPSIS\n", &format!(".SS {name}\n"));
    text.replace(".SH DESCRIPTION\n", ".PP\n").replace(".SH OPTIONS\n", "")
}

fn tree() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
