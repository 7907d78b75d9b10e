//! `mikrelay import`: takes over an old portal page, and what an old callback address says.

use std::io::{Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};

use super::apply;
use super::progress::Progress;
use super::table::Table;
use crate::app;
use crate::company::Directory;
use crate::config::Config;
use crate::ids::RouterId;
use crate::import::{self, Doubt, Page, Understood, Wish};
use crate::routeros::{Deadlines, RouterError, Session, Target};
use crate::shown::shown_up_to;
use crate::site::Site;
use crate::sorted::Arrange;
use crate::store::{self, Store};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct ImportArgs {
    #[command(subcommand)]
    command: Option<ImportCommand>,
    /// The portal page, as it lies on the router
    #[arg(required = true, value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    place: PlaceArgs,
    /// The hotspot server's name where the page says `$(server-name)`
    #[arg(long, value_name = "NAME")]
    nasid: Option<String>,
    /// Where the new page goes; beside the old one, as `login.mikrelay.html`, when absent
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Do not ask the router whether it has the profiles
    #[arg(long)]
    offline: bool,
    /// Show everything and change nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Subcommand)]
enum ImportCommand {
    /// Take over the settings of an old callback: its address, and the headers that the dashboard sends
    Callback(CallbackArgs),
}

#[derive(Debug, Args)]
struct CallbackArgs {
    /// The address, as the gateway's dashboard shows it; `-` reads it from standard input
    url: String,
    /// A table of headers, copied from the dashboard; `-` reads it from standard input
    #[arg(long, value_name = "FILE")]
    headers: Option<PathBuf>,
    #[command(flatten)]
    place: PlaceArgs,
    /// Show everything and change nothing
    #[arg(long)]
    dry_run: bool,
}

/// Whose page or callback it is.
#[derive(Debug, Default, Args)]
struct PlaceArgs {
    /// The company's id; needed if there are several
    #[arg(long, value_name = "ID")]
    company: Option<String>,
    /// What a company that is made is called; the page's title when absent
    #[arg(long, value_name = "NAME")]
    company_name: Option<String>,
    /// Where a company that is made is, for example `BJ`; guessed from the currency when absent
    #[arg(long, value_name = "CODE")]
    country: Option<String>,
    /// The router's id; needed if the company has several
    #[arg(long, value_name = "ID")]
    router: Option<String>,
    /// Where a router that is made is reached, for example `10.99.0.2:8728`
    #[arg(long, value_name = "HOST:PORT")]
    router_address: Option<String>,
}

impl PlaceArgs {
    fn wish(self, config: &Config) -> Wish {
        let relay_url = config.public_url_at(config.listen);
        Wish {
            company: self.company,
            company_name: self.company_name,
            country: self.country,
            router: self.router,
            router_address: self.router_address,
            nasid: None,
            relay_url: relay_url.as_str().trim_end_matches('/').to_owned(),
        }
    }
}

pub fn run(config: &Config, args: ImportArgs, out: &mut dyn Write) -> Result<()> {
    match (args.command, args.file) {
        (Some(ImportCommand::Callback(callback)), _) => run_callback(config, callback, out),
        (None, Some(file)) => {
            let options = PageOptions {
                wish: Wish {
                    nasid: args.nasid,
                    ..args.place.wish(config)
                },
                out: args.out.unwrap_or_else(|| beside(&file)),
                file,
                is_offline: args.offline,
                is_dry: args.dry_run,
            };
            run_page(config, &options, out)
        }
        (None, None) => bail!("name the portal page: `mikrelay import login.html`"),
    }
}

struct PageOptions {
    wish: Wish,
    file: PathBuf,
    out: PathBuf,
    is_offline: bool,
    is_dry: bool,
}

fn run_page(config: &Config, options: &PageOptions, out: &mut dyn Write) -> Result<()> {
    refuse_overwriting(options)?;
    let bytes = read_file(&options.file)?;
    let page = import::read_page(&bytes).with_context(|| format!("cannot use `{}`", options.file.display()))?;
    let (directory, store) = open(config, options.is_dry)?;
    let mut understood = import::understand(&bytes, &page, &directory, &options.wish)?;
    if config.public_url.is_none() && !understood.rows.is_empty() {
        understood.todos.push(format!(
            "the new links lead to {}, which no phone reaches: set `public_url` in mikrelay.toml, and import again",
            options.wish.relay_url
        ));
    }
    if !options.is_offline {
        ask_router(&mut understood, &directory)?;
    }
    let site = understood.draft.site()?;
    writeln!(out, "{}", heading(&options.file, &page))?;
    show(&understood, out)?;
    keep(store.filter(|_| !options.is_dry), site, &directory, out)?;
    let new = import::rewritten(&bytes, &understood.edits);
    if understood.rows.is_empty() {
        writeln!(out, "no new page is needed: no button was understood")?;
    } else {
        if !options.is_dry {
            keep_edited(&options.out, &new, out)?;
            std::fs::write(&options.out, &new).with_context(|| format!("cannot write `{}`", options.out.display()))?;
        }
        writeln!(
            out,
            "{} {}: {} lead here, every other byte is as it was",
            if options.is_dry { "would write" } else { "wrote" },
            options.out.display(),
            counted(understood.rows.len(), "button")
        )?;
    }
    tell_dry(options.is_dry, out)
}

fn run_callback(config: &Config, args: CallbackArgs, out: &mut dyn Write) -> Result<()> {
    let headers = match &args.headers {
        Some(file) if args.url == "-" && file.as_os_str() == "-" => {
            bail!("address and headers cannot both come from standard input")
        }
        Some(file) => import::read_headers(&String::from_utf8_lossy(&read_file(file)?))?,
        None => import::Headers::default(),
    };
    let url = match args.url.as_str() {
        "-" => String::from_utf8_lossy(&read_file(Path::new("-"))?).into_owned(),
        url => url.to_owned(),
    };
    let callback = import::read_callback(&url)?;
    let (directory, store) = open(config, args.dry_run)?;
    let wish = args.place.wish(config);
    let taken = import::take_callback(&callback, &headers, &directory, &wish)?;
    let site = taken.draft.site()?;
    let mut table = Table::new(&["SETTING", "VALUE", ""]);
    for (name, value, is_new) in taken.rows {
        let state = if is_new { "taken over" } else { "as it was" };
        table.row(vec![name.to_owned(), value, state.to_owned()]);
    }
    table.print(out)?;
    show_sentences(&taken.doubts, &taken.todos, out)?;
    keep(store.filter(|_| !args.dry_run), site, &directory, out)?;
    tell_dry(args.dry_run, out)
}

/// What was understood and what is doubtful, as the command prints it.
pub fn show(understood: &Understood, out: &mut dyn Write) -> Result<()> {
    if !understood.rows.is_empty() {
        let mut table = Table::new(&[
            "LINE", "BUTTON", "PLAN", "PROFILE", "PRICE", "TIME", "DATA", "HOTSPOT", "ACCOUNT",
        ]);
        for row in &understood.rows {
            let plan = &row.plan;
            let new = if plan.is_new { " (new)" } else { "" };
            table.row(vec![
                row.line.to_string(),
                row.label.clone(),
                format!("{}{new}", plan.id),
                plan.profile.clone(),
                import::money(plan.price),
                none_or(plan.time.is_none(), plan.time),
                none_or(plan.data.is_none(), plan.data),
                row.hotspot.clone(),
                row.account.clone().unwrap_or_else(|| "any".to_owned()),
            ]);
        }
        writeln!(out)?;
        table.print(out)?;
    }
    show_sentences(&understood.doubts, &understood.todos, out)
}

pub(super) fn show_sentences(doubts: &[Doubt], todos: &[String], out: &mut dyn Write) -> Result<()> {
    for (title, sentences) in [
        ("Doubts:", doubts.iter().map(Doubt::to_string).collect::<Vec<_>>()),
        ("Left to do:", todos.to_vec()),
    ] {
        if sentences.is_empty() {
            continue;
        }
        writeln!(out, "\n{title}")?;
        for sentence in sentences {
            writeln!(out, "- {}", shown_up_to(&sentence, SENTENCE_MAX))?;
        }
    }
    writeln!(out)?;
    Ok(())
}

/// The business records, and the store that takes new ones. A dry run makes no folder, no database and no key.
pub(super) fn open(config: &Config, is_dry: bool) -> Result<(Directory, Option<Store>)> {
    if is_dry && !config.data_dir.join(store::DATABASE_FILE).try_exists()? {
        return Ok((Directory::default(), None));
    }
    let (store, _) = app::open_store(config)?;
    let directory = store.read_now(|db| db.load_directory())?;
    Ok((directory, Some(store)))
}

/// Says what is created and changed, and writes it where there is a store.
pub(super) fn keep(store: Option<Store>, site: Site, directory: &Directory, out: &mut dyn Write) -> Result<()> {
    let lines = changes(&site, directory);
    for line in &lines {
        writeln!(out, "{}", shown_up_to(line, SENTENCE_MAX))?;
    }
    if lines.is_empty() {
        writeln!(out, "the relay has all of this already")?;
    } else if let Some(store) = store {
        apply::write_as(&store, site, false, "import")??;
    }
    Ok(())
}

fn changes(site: &Site, directory: &Directory) -> Vec<String> {
    let line = |is_known: bool, kind: &str, id: &dyn std::fmt::Display| {
        let word = if is_known { "updated" } else { "created" };
        format!("{word} {kind} {id}")
    };
    let companies = site
        .companies
        .iter()
        .map(|it| (directory.companies.contains_key(&it.id), "company", it.id.to_string()));
    let routers = site.routers.iter().map(|it| &it.router);
    let routers = routers.map(|it| (directory.routers.contains_key(&it.id), "router", it.id.to_string()));
    let hotspots = site
        .hotspots
        .iter()
        .map(|it| (directory.hotspots.contains_key(&it.id), "hotspot", it.id.to_string()));
    let accounts = site
        .accounts
        .iter()
        .map(|it| (directory.accounts.contains_key(&it.id), "account", it.id.to_string()));
    let plans = site
        .plans
        .iter()
        .map(|it| (directory.plans.contains_key(&it.id), "plan", it.id.to_string()));
    let all = companies.chain(routers).chain(hotspots).chain(accounts).chain(plans);
    all.map(|(is_known, kind, id)| line(is_known, kind, &id)).collect()
}

pub(super) fn tell_dry(is_dry: bool, out: &mut dyn Write) -> Result<()> {
    if is_dry {
        writeln!(out, "nothing was changed: this was a dry run")?;
    }
    Ok(())
}

/// Adds a doubt for each profile and server that the router does not have. A router that is not known or does not
/// answer is said, and is no reason to stop.
fn ask_router(understood: &mut Understood, directory: &Directory) -> Result<()> {
    let Some(target) = understood.router.as_ref().and_then(|id| target_of(directory, id)) else {
        return Ok(());
    };
    let looked = on_router(&target, async |session| {
        Ok((session.profiles().await?, session.servers().await?))
    });
    let (profiles, servers) = match looked? {
        Ok(found) => found,
        Err(error) => {
            let text = format!("the router was not asked whether it has the profiles: {error}");
            understood.doubts.push(Doubt::new(None, text));
            return Ok(());
        }
    };
    let mut missing = Vec::new();
    for row in &understood.rows {
        if !profiles.contains(&row.plan.profile) {
            let text = format!("the router has no profile `{}`: its sales would wait", row.plan.profile);
            missing.push(Doubt::new(row.line, text));
        }
        if !servers.iter().any(|server| server.name == row.server) {
            let text = format!(
                "the router has no hotspot server `{}`: its sales would wait",
                row.server
            );
            missing.push(Doubt::new(row.line, text));
        }
    }
    understood.doubts.extend(missing);
    Ok(())
}

/// How a router is reached, if that is known.
pub(super) fn target_of(directory: &Directory, id: &RouterId) -> Option<Target> {
    let router = directory.routers.get(id)?;
    let credentials = router.credentials.as_ref()?;
    (router.address != import::PLACEHOLDER_ADDRESS).then(|| Target {
        address: router.address.clone(),
        tls: router.tls.clone(),
        user: credentials.user.clone(),
        password: credentials.password.clone(),
    })
}

/// Asks a router something over one session.
pub(super) fn on_router<T>(
    target: &Target,
    ask: impl AsyncFnOnce(&mut Session) -> Result<T, RouterError>,
) -> Result<Result<T, RouterError>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("cannot start the runtime")?;
    let deadlines = Deadlines::default();
    let _progress = Progress::begin("asking the router");
    Ok(runtime.block_on(async {
        let mut session = Session::connect(target, &deadlines).await?;
        let answer = ask(&mut session).await?;
        session.close().await;
        Ok(answer)
    }))
}

fn heading(file: &Path, page: &Page) -> String {
    let mut hosts: Vec<_> = page.buttons.iter().map(|button| button.host.as_str()).collect();
    hosts.retain(|host| !host.is_empty());
    hosts.arrange();
    hosts.dedup();
    let of = if hosts.is_empty() {
        String::new()
    } else {
        format!(", leading to {}", hosts.join(", "))
    };
    let buttons = counted(page.buttons.len(), "old button");
    let line = format!("{}: {buttons}, {}{of}", file.display(), page.charset.name());
    shown_up_to(&line, SENTENCE_MAX)
}

pub(super) fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

fn none_or(is_none: bool, limit: impl std::fmt::Display) -> String {
    if is_none { "-".to_owned() } else { limit.to_string() }
}

/// `login.html` becomes `login.mikrelay.html`.
fn beside(file: &Path) -> PathBuf {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let end = file
        .extension()
        .map_or_else(|| "html".into(), |end| end.to_string_lossy());
    file.with_file_name(format!("{stem}.mikrelay.{end}"))
}

/// The old page is the only one the operator has.
fn refuse_overwriting(options: &PageOptions) -> Result<()> {
    let Ok(there) = std::fs::metadata(&options.out) else {
        return Ok(());
    };
    let is_original =
        std::fs::metadata(&options.file).is_ok_and(|old| (old.dev(), old.ino()) == (there.dev(), there.ino()));
    if is_original {
        bail!(
            "`{}` is the old page itself; name another file with `--out`",
            options.out.display()
        );
    }
    if options.out != beside(&options.file) {
        bail!(
            "`{}` exists already; remove it, or name another file with `--out`",
            options.out.display()
        );
    }
    Ok(())
}

/// A page that an earlier import wrote may have been worked on since: it stays beside the new one.
fn keep_edited(page: &Path, new: &[u8], out: &mut dyn Write) -> Result<()> {
    let is_other = std::fs::read(page).is_ok_and(|there| there != new);
    if !is_other {
        return Ok(());
    }
    let mut kept = page.as_os_str().to_owned();
    kept.push(".old");
    let kept = PathBuf::from(kept);
    std::fs::rename(page, &kept).with_context(|| format!("cannot keep `{}`", page.display()))?;
    writeln!(
        out,
        "the page that was there is now {}: take over what you changed in it",
        kept.display()
    )?;
    Ok(())
}

/// A file, or standard input, up to what a page may have.
fn read_file(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(import::PAGE_MAX_BYTES)? + 1;
    if path.as_os_str() == "-" {
        std::io::stdin().take(limit).read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    let file = std::fs::File::open(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let read = file.take(limit).read_to_end(&mut bytes);
    read.with_context(|| format!("cannot read `{}`", path.display()))?;
    Ok(bytes)
}

/// The longest sentence of ours with the longest names in it.
const SENTENCE_MAX: usize = 800;
