//! `mikrelay plan import`: makes plans of a router's user profiles, with what Mikhmon says they cost.

use std::io::Write;

use anyhow::{Context, Result, bail};
use clap::Args;

use super::import::{counted, keep, on_router, open, show_sentences, target_of, tell_dry};
use super::table::{Table, or_dash};
use crate::config::Config;
use crate::ids::RouterId;
use crate::import::{self, OfferedProfile, TakenProfiles};

#[derive(Debug, Args)]
pub struct PlanImportArgs {
    /// The router's id
    #[arg(long, value_name = "ID")]
    router: String,
    /// The hotspot's id; needed if the router has several
    #[arg(long, value_name = "ID")]
    hotspot: Option<String>,
    /// Show everything and change nothing
    #[arg(long)]
    dry_run: bool,
}

pub fn run(config: &Config, args: &PlanImportArgs, out: &mut dyn Write) -> Result<()> {
    let (directory, store) = open(config, args.dry_run)?;
    let id = RouterId::new(&*args.router);
    if !directory.routers.contains_key(&id) {
        bail!("there is no router `{id}`; `mikrelay router test` names those there are");
    }
    let target = target_of(&directory, &id).with_context(|| {
        format!("router `{id}` has no address, user or password yet; put them into the business file")
    })?;
    let asked = on_router(&target, async |session| {
        Ok((session.profile_scripts(None).await?, session.resource().await?))
    });
    let (profiles, resource) =
        asked?.with_context(|| format!("router `{id}` cannot be asked; try `mikrelay router test {id}`"))?;
    let profiles: Vec<_> = profiles
        .into_iter()
        .map(|profile| OfferedProfile {
            name: profile.name,
            on_login: profile.on_login,
        })
        .collect();
    let hotspot = args.hotspot.as_deref();
    let taken = import::take_profiles(&profiles, &resource.version, &directory, &args.router, hotspot)?;
    let site = taken.draft.site()?;
    show(&taken, out)?;
    keep(store.filter(|_| !args.dry_run), site, &directory, out)?;
    tell_dry(args.dry_run, out)
}

/// What came of the profiles, as the command prints it.
pub fn show(taken: &TakenProfiles, out: &mut dyn Write) -> Result<()> {
    writeln!(
        out,
        "{} on the router, {} for hotspot `{}`\n",
        counted(taken.rows.len(), "profile"),
        counted(taken.new_plans(), "new plan"),
        taken.hotspot
    )?;
    let mut table = Table::new(&[
        "PROFILE",
        "PRICE IN MIKHMON",
        "VALIDITY",
        "PLAN",
        "PLAN'S PRICE",
        "PLAN'S TIME",
    ]);
    for row in &taken.rows {
        let kind = if row.is_selling_price { "selling price" } else { "price" };
        let price = row.price.map(|price| format!("{} ({kind})", import::money(price)));
        let plan = row.plan.as_ref();
        let new = |is_new| if is_new { " (new)" } else { "" };
        table.row(vec![
            row.profile.clone(),
            or_dash(price.as_deref()),
            or_dash(row.validity.as_deref()),
            or_dash(plan.map(|plan| format!("{}{}", plan.id, new(plan.is_new))).as_deref()),
            or_dash(plan.map(|plan| import::money(plan.price)).as_deref()),
            or_dash(plan.map(|plan| plan.time.to_string()).as_deref()),
        ]);
    }
    table.print(out)?;
    writeln!(out, "\n{EXPLANATION}")?;
    show_sentences(&taken.doubts, &[], out)
}

const EXPLANATION: &str = "\
Price: Mikhmon's selling price, which its vouchers show; its price where the selling price is 0.
Time: a validity runs by the clock from the first login, and Mikhmon's script in the profile ends it. A plan's time is time of
use, and the router itself ends it (limit-uptime). A new plan has the validity as its time: whichever ends first, ends the code.";
