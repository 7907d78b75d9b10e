//! `mikrelay company|router|hotspot|account|plan list|show|add|set|remove`: the business records, one at a time. All five
//! are the same commands over a table of keys (`fields`).

mod change;
pub mod fields;
mod show;

use std::io::Write;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Arg, ArgAction, ArgMatches, FromArgMatches, Subcommand, ValueHint, value_parser};

use super::fault::hinted;
use super::open;
use fields::{Field, Form, Table};

/// A kind of business record.
pub trait Noun {
    const TABLE: &'static Table;
}

/// What may be said after `mikrelay plan` and the like.
#[derive(Debug)]
pub struct Command<N> {
    verb: Verb,
    noun: PhantomData<N>,
}

impl<N: Noun> Command<N> {
    pub fn run(self, config: Option<&Path>, out: &mut dyn Write) -> Result<()> {
        run(self.verb, N::TABLE, config, out)
    }
}

#[derive(Debug)]
enum Verb {
    List {
        /// Key and value of what all must have.
        only: Vec<(&'static str, String)>,
        json: bool,
    },
    Show {
        id: String,
        json: bool,
    },
    Add(String, Vec<Given>),
    Set(String, Vec<Given>),
    Remove {
        id: String,
        yes: bool,
    },
}

/// What was said of a key.
#[derive(Debug)]
struct Given {
    field: &'static Field,
    value: Value,
}

#[derive(Debug)]
enum Value {
    Texts(Vec<String>),
    /// Where a secret is to be read.
    File(PathBuf),
}

fn run(verb: Verb, table: &'static Table, config: Option<&Path>, out: &mut dyn Write) -> Result<()> {
    let store = open(config)?;
    match verb {
        Verb::List { only, json } => show::list(&store, table, &only, json, out),
        Verb::Show { id, json } => show::show(&store, table, &id, json, out),
        Verb::Add(id, given) => change::add(&store, table, &id, given, out),
        Verb::Set(id, given) if given.is_empty() => Err(hinted(
            format!("nothing was said that is to change of {} `{id}`", table.kind.as_str()),
            format!(
                "`mikrelay {} set --help` lists what can be changed",
                table.kind.as_str()
            ),
        )),
        Verb::Set(id, given) => change::set(&store, table, &id, given, out),
        Verb::Remove { id, yes } => change::remove(&store, table, &id, yes, out),
    }
}

impl<N: Noun> Subcommand for Command<N> {
    fn augment_subcommands(command: clap::Command) -> clap::Command {
        augment(command, N::TABLE)
    }

    fn augment_subcommands_for_update(command: clap::Command) -> clap::Command {
        augment(command, N::TABLE)
    }

    fn has_subcommand(name: &str) -> bool {
        VERBS.contains(&name)
    }
}

impl<N: Noun> FromArgMatches for Command<N> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(Self {
            verb: read(matches, N::TABLE)?,
            noun: PhantomData,
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn augment(command: clap::Command, table: &'static Table) -> clap::Command {
    let owners = table.fields.iter().filter(|field| field.form == Form::Owner);
    let list = owners.fold(verb(LIST, "All of them, or those of one owner"), |list, field| {
        list.arg(option(field).help("Only those of this one"))
    });
    let add = table.fields.iter().fold(verb(ADD, "Make one"), |add, field| {
        add.arg(option(field).required(field.needed))
    });
    let add = add.after_help(format!("Example: {}", table.example));
    let set = table.fields.iter().fold(
        verb(
            SET,
            "Change one; what is not named stays, an empty text takes a value away",
        ),
        |set, field| set.arg(option(field)),
    );
    let remove = verb(REMOVE, "Take one away; refuses while something belongs to it");
    command.subcommands([
        list.arg(json()),
        verb(SHOW, "One with all its values").arg(id()).arg(json()),
        add.arg(id()),
        set.arg(id()),
        remove.arg(id()).arg(switch(YES).help("Also what belongs to it")),
    ])
}

fn verb(name: &'static str, about: &'static str) -> clap::Command {
    clap::Command::new(name).about(about)
}

fn json() -> Arg {
    switch(JSON).help("For programs")
}

fn id() -> Arg {
    Arg::new(ID)
        .value_name("ID")
        .required(true)
        .help("Lower-case letters, digits and hyphens")
}

fn switch(name: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue)
}

fn option(field: &'static Field) -> Arg {
    let option = Arg::new(field.key)
        .long(field.flag)
        .value_name(field.value)
        .help(field.help);
    match field.form {
        Form::Secret | Form::Secrets => option
            .value_parser(value_parser!(PathBuf))
            .value_hint(ValueHint::FilePath),
        Form::List => option.action(ArgAction::Append),
        Form::Text | Form::Owner | Form::Number | Form::Switch => option,
    }
}

fn read(matches: &ArgMatches, table: &'static Table) -> Result<Verb, clap::Error> {
    let Some((verb, said)) = matches.subcommand() else {
        return Err(clap::Error::new(clap::error::ErrorKind::MissingSubcommand));
    };
    let id = || said.get_one::<String>(ID).cloned().unwrap_or_default();
    Ok(match verb {
        LIST => Verb::List {
            only: table
                .fields
                .iter()
                .filter(|field| field.form == Form::Owner)
                .filter_map(|field| Some((field.key, said.get_one::<String>(field.key)?.clone())))
                .collect(),
            json: said.get_flag(JSON),
        },
        SHOW => Verb::Show {
            id: id(),
            json: said.get_flag(JSON),
        },
        ADD => Verb::Add(id(), given(said, table)),
        SET => Verb::Set(id(), given(said, table)),
        _ => Verb::Remove {
            id: id(),
            yes: said.get_flag(YES),
        },
    })
}

fn given(said: &ArgMatches, table: &'static Table) -> Vec<Given> {
    let value = |field: &'static Field| match field.form {
        Form::Secret | Form::Secrets => said.get_one::<PathBuf>(field.key).cloned().map(Value::File),
        _ => Some(Value::Texts(said.get_many::<String>(field.key)?.cloned().collect())),
    };
    let fields = table.fields.iter();
    fields
        .filter_map(|field| {
            Some(Given {
                field,
                value: value(field)?,
            })
        })
        .collect()
}

const LIST: &str = "list";
const SHOW: &str = "show";
const ADD: &str = "add";
const SET: &str = "set";
const REMOVE: &str = "remove";
const VERBS: [&str; 5] = [LIST, SHOW, ADD, SET, REMOVE];
const ID: &str = "id";
const JSON: &str = "json";
const YES: &str = "yes";
