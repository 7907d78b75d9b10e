//! What is said of a command line that cannot be understood: the parser's own words, in the form of our other errors.

use std::io::Write;

use clap::error::ErrorKind;

/// Prints help where help was wished for, else the error; answers the exit code.
pub(super) fn show(error: &clap::Error, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    let text = error.render();
    // Nobody is left to tell if a stream is closed.
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let _ = write!(out, "{text}");
            super::DONE
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = write!(err, "{text}");
            MISUSED
        }
        _ => {
            let _ = err.write_all(reworded(&text.to_string()).as_bytes());
            MISUSED
        }
    }
}

/// Tips become hints, and the way to the help is one too.
fn reworded(text: &str) -> String {
    let mut lines = Vec::new();
    for line in text.lines() {
        if let Some(tip) = line.trim_start().strip_prefix("tip: ") {
            lines.push(format!("hint: {tip}"));
        } else if let Some(more) = line.strip_prefix("For more information, try ") {
            lines.push(format!("hint: {} tells more", more.trim_end_matches('.')));
        } else if !line.is_empty() {
            lines.push(line.to_owned());
        }
    }
    let text = lines.join("\n").replace('\'', "`");
    text + "\n"
}

/// As most programs have it.
const MISUSED: u8 = 2;
