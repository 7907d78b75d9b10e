//! `mikrelay plan`: what is sold, and what the router's own profiles offer.

use std::io::Write;
use std::path::Path;

use anyhow::Result;
use clap::Subcommand;

use super::{load, plan_import, record};

#[derive(Debug, Subcommand)]
pub enum Command {
    #[command(flatten)]
    Record(record::Command<record::fields::Plan>),
    /// Make plans of the router's profiles, with price and validity out of Mikhmon's scripts
    Import(plan_import::PlanImportArgs),
}

impl Command {
    pub fn run(self, config: Option<&Path>, out: &mut dyn Write) -> Result<()> {
        match self {
            Self::Record(command) => command.run(config, out),
            Self::Import(args) => plan_import::run(&load(config)?, &args, out),
        }
    }
}
