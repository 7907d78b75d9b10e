//! `mikrelay kit`: makes what has to be set up around the relay. Plain, it writes a folder with all of it and says what to
//! do next; `script`, `login`, `gateways` and `walled-garden` print one part, and nothing else, so that it can be piped.

use std::fs;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs, UdpSocket};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use clap::{Args, Subcommand};
use ipnet::IpNet;
use tempfile::NamedTempFile;
use url::Url;

use super::fault::hinted;
use super::table::plain;
use crate::app;
use crate::audit::{Actor, Changes};
use crate::company::{Directory, GatewayName, Language, Router, RouterCredentials};
use crate::config::Config;
use crate::kit::{
    HotspotOffer, Look, Offer, RouterScript, gateways_page, login_page, removal_script, router_script,
    walled_garden_script,
};
use crate::secrets;
use crate::sorted::Arrange;
use crate::store::Store;

/// What the command may be told.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct KitArgs {
    /// The router's id; the only one when absent
    #[arg(long, value_name = "ID")]
    router: Option<String>,
    /// Where to write it; `kit-ID` when absent
    #[arg(short, long, value_name = "FOLDER")]
    output: Option<PathBuf>,
    #[command(flatten)]
    account: AccountArgs,
    #[command(flatten)]
    look: LookArgs,
    #[command(subcommand)]
    command: Option<KitCommand>,
}

#[derive(Debug, Subcommand)]
enum KitCommand {
    /// The script to paste into the router's terminal
    Script {
        /// The router's id; the only one when absent
        #[arg(long, value_name = "ID")]
        router: Option<String>,
        #[command(flatten)]
        account: AccountArgs,
        /// Print the script that takes everything back instead
        #[arg(long)]
        remove: bool,
        /// Write it to a file that only you can read, instead of printing it
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// The login page with the plans of a hotspot
    Login {
        #[command(flatten)]
        place: PlaceArgs,
        #[command(flatten)]
        look: LookArgs,
        /// Write it to a file instead of printing it
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// A page with what to type into the gateways' dashboards
    Gateways {
        #[command(flatten)]
        place: PlaceArgs,
        /// fr, en, es or pt; the company's own when absent
        #[arg(long, value_parser = read_language)]
        language: Option<Language>,
        /// Write it to a file instead of printing it
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// A script that lets unpaid phones reach the relay and the gateways
    WalledGarden {
        /// Gateways in use: fedapay, cinetpay, feexpay, conekta, mercadopago; comma-separated or repeated
        #[arg(long, value_delimiter = ',', required = true)]
        gateway: Vec<String>,
        /// The relay's host name; from `public_url` when absent
        #[arg(long)]
        host: Option<String>,
    },
}

/// The relay's account on the router.
#[derive(Clone, Debug, Default, Args)]
pub struct AccountArgs {
    /// The address from which the router sees the relay; found by the way to the router when absent
    #[arg(long, value_name = "ADDRESS")]
    pub from: Option<IpAddr>,
    /// Another address or network that may use the router's API, such as Mikhmon's; may be repeated
    #[arg(long, value_name = "ADDRESS", value_parser = read_net)]
    pub also: Vec<IpNet>,
    /// Make an account of this name with a password of its own, even if another one is known
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    /// Let the account read users' passwords: for portals that let phones back in with codes of Mikhmon or WinBox
    #[arg(long)]
    pub sensitive: bool,
}

#[derive(Debug, Default, Args)]
struct LookArgs {
    /// fr, en, es or pt; the company's own when absent
    #[arg(long, value_parser = read_language)]
    language: Option<Language>,
    /// How the login page looks: light or night
    #[arg(long, value_parser = read_look, default_value = "light")]
    template: Look,
}

#[derive(Debug, Args)]
#[group(multiple = false)]
struct PlaceArgs {
    /// The router's id; the only one when absent
    #[arg(long, value_name = "ID")]
    router: Option<String>,
    /// One hotspot's id
    #[arg(long, value_name = "ID")]
    hotspot: Option<String>,
}

/// Runs one of the commands. The settings are only loaded where they are needed.
pub fn run(args: KitArgs, load: impl FnOnce() -> Result<Config>, out: &mut dyn Write) -> Result<()> {
    match args.command {
        None => {
            let desk = Desk::open(&load()?)?;
            let (folder, user) = desk.write_all(&args, out)?;
            desk.say_what_next(&args, &folder, &user, out)
        }
        Some(KitCommand::Script {
            remove: true, output, ..
        }) => hand_over(&removal_script(), output.as_deref(), out),
        Some(KitCommand::Script {
            router,
            account,
            remove: false,
            output,
        }) => {
            let desk = Desk::open(&load()?)?;
            let (script, _) = desk.script(router.as_deref(), &account)?;
            hand_over(&script, output.as_deref(), out)
        }
        Some(KitCommand::Login { place, look, output }) => {
            let desk = Desk::open(&load()?)?;
            let page = desk.login(&place, &look)?;
            hand_over(&page, output.as_deref(), out)
        }
        Some(KitCommand::Gateways {
            place,
            language,
            output,
        }) => {
            let desk = Desk::open(&load()?)?;
            let page = desk.gateways(&place, language)?;
            hand_over(&page, output.as_deref(), out)
        }
        Some(KitCommand::WalledGarden { gateway, host }) => {
            let host = host.map_or_else(|| load().map(|config| config.public_host()), Ok)?;
            walled_garden(&gateway, &host, out)
        }
    }
}

/// What all parts are made from.
struct Desk {
    store: Store,
    public_url: Url,
    public_host: String,
}

impl Desk {
    fn open(config: &Config) -> Result<Self> {
        let (store, _) = app::open_store(config)?;
        Ok(Self {
            store,
            public_url: config.public_url_at(config.listen),
            public_host: config.public_host(),
        })
    }

    /// The folder, and the name of the relay's account.
    fn write_all(&self, args: &KitArgs, out: &mut dyn Write) -> Result<(PathBuf, String)> {
        let (script, user) = self.script(args.router.as_deref(), &args.account)?;
        let directory = self.store.directory();
        let router = chosen(&directory, args.router.as_deref())?;
        let offer = offer_of(&directory, router)?;
        let language = args.look.language.unwrap_or(offer.company.language);
        let folder = args.output.clone();
        let folder = folder.unwrap_or_else(|| PathBuf::from(format!("kit-{}", router.id)));
        fs::create_dir_all(&folder).with_context(|| format!("cannot make the folder `{}`", folder.display()))?;
        let mut keep = |name: &str, text: &str| {
            let path = folder.join(name);
            write_file(&path, text)?;
            writeln!(out, "wrote {}", path.display()).context("cannot print")
        };
        keep(SCRIPT_FILE, &script)?;
        for hotspot in &offer.hotspots {
            let page = login_page(offer.company, hotspot, &self.public_url, language, args.look.template)?;
            keep(&login_file(&offer, hotspot), &page)?;
        }
        let page = gateways_page(&directory, &offer, &self.public_url, language)?;
        keep(GATEWAYS_FILE, &page)?;
        Ok((folder, user))
    }

    fn say_what_next(&self, args: &KitArgs, folder: &Path, user: &str, out: &mut dyn Write) -> Result<()> {
        let directory = self.store.directory();
        let router = chosen(&directory, args.router.as_deref())?;
        let offer = offer_of(&directory, router)?;
        let id = plain(router.id.as_str());
        writeln!(out, "\nNext, in this order:")?;
        writeln!(
            out,
            "1. On the router: drag {SCRIPT_FILE} into Files (WinBox), then in the terminal:\n   \
             /import file-name={SCRIPT_FILE}\n   \
             or paste its lines into the terminal. It makes the account `{}` and says what it did.",
            plain(user)
        )?;
        writeln!(out, "2. Here: mikrelay router test {id}")?;
        writeln!(
            out,
            "3. On the router: keep a copy of the old login.html, then put the new one into the hotspot's folder in\n   \
             Files (`hotspot`, or `flash/hotspot` where there is one)."
        )?;
        for hotspot in offer.hotspots.iter().filter(|_| offer.hotspots.len() > 1) {
            let name = login_file(&offer, hotspot);
            writeln!(out, "   {name} is login.html of `{}`.", plain(&hotspot.hotspot.name))?;
        }
        writeln!(
            out,
            "4. In a browser: open {} and follow it.",
            folder.join(GATEWAYS_FILE).display()
        )?;
        writeln!(
            out,
            "5. Delete {SCRIPT_FILE} here and on the router: it holds the router's password."
        )?;
        if args.account.also.is_empty() {
            writeln!(
                out,
                "\nDoes Mikhmon, or another program on another machine, use this router's API? The script opens it for the relay\n\
                 alone: then make the kit again with `--also` and its address."
            )?;
        }
        for line in self.doubts(&offer, user) {
            writeln!(out, "\nwarning: {line}")?;
        }
        if args.account.user.is_some() {
            writeln!(
                out,
                "\nwarning: the store has the account `{}` now, and site.toml perhaps another one\n\
                 hint: take `user` and `password` of this router out of site.toml, or the next apply brings them back",
                plain(user)
            )?;
        }
        Ok(())
    }

    /// What will not work as it is.
    fn doubts(&self, offer: &Offer<'_>, user: &str) -> Vec<String> {
        let mut doubts = Vec::new();
        if self.public_url.scheme() != "https" {
            doubts.push(format!(
                "the links lead to {}; gateways call https addresses only\n\
                 hint: set `public_url` in mikrelay.toml and run this again",
                self.public_url
            ));
        }
        if offer.hotspots.iter().all(|hotspot| hotspot.plans.is_empty()) {
            doubts.push(
                "no plan is on sale here, so the login page only takes codes\nhint: add plans to site.toml".into(),
            );
        }
        if user == "admin" {
            doubts.push(
                "the relay uses the router's account `admin`, which may do everything\n\
                 hint: `--user mikrelay` makes an account of its own with few rights"
                    .into(),
            );
        }
        doubts
    }

    /// The script, and the name of the account in it.
    fn script(&self, router: Option<&str>, account: &AccountArgs) -> Result<(String, String)> {
        let directory = self.store.directory();
        let router = chosen(&directory, router)?;
        let offer = offer_of(&directory, router)?;
        let from = match account.from {
            Some(from) => from,
            None => address_towards(&router.address)?,
        };
        let credentials = credentials(&self.store, router, account.user.as_deref())?;
        let servers: Vec<_> = offer.hotspots.iter().map(|it| it.hotspot.name.as_str()).collect();
        let script = router_script(&RouterScript {
            router: router.id.as_str(),
            relay_host: &self.public_host,
            gateways: &offer.gateways(),
            user: &credentials.user,
            password: &credentials.password,
            sensitive: account.sensitive,
            from,
            also: &account.also,
            tls: &router.tls,
            servers: &servers,
        });
        let script = script.context("the relay's host cannot stand in a script")?;
        Ok((script, credentials.user))
    }

    fn login(&self, place: &PlaceArgs, look: &LookArgs) -> Result<String> {
        let directory = self.store.directory();
        let offer = place_of(&directory, place)?;
        let [hotspot] = offer.hotspots.as_slice() else {
            let known: Vec<_> = offer.hotspots.iter().map(|it| format!("`{}`", it.hotspot.id)).collect();
            bail!(
                "router `{}` has {} hotspots; say which with --hotspot: {}",
                plain(offer.router.id.as_str()),
                known.len(),
                known.join(", ")
            );
        };
        let language = look.language.unwrap_or(offer.company.language);
        Ok(login_page(
            offer.company,
            hotspot,
            &self.public_url,
            language,
            look.template,
        )?)
    }

    fn gateways(&self, place: &PlaceArgs, language: Option<Language>) -> Result<String> {
        let directory = self.store.directory();
        let offer = place_of(&directory, place)?;
        let language = language.unwrap_or(offer.company.language);
        Ok(gateways_page(&directory, &offer, &self.public_url, language)?)
    }
}

/// The account that the store knows, or a new one, which it then knows. A new password is drawn only for a name that the
/// store does not have, so that the script is the same each time.
pub fn credentials(store: &Store, router: &Router, user: Option<&str>) -> Result<RouterCredentials> {
    let user = user.map(str::trim);
    if let Some(known) = &router.credentials
        && user.is_none_or(|user| user == known.user)
    {
        return Ok(known.clone());
    }
    let user = user.unwrap_or(OWN_USER);
    if user.is_empty() || user.chars().count() > MOST_USER || user.chars().any(char::is_control) {
        bail!("`{}` cannot be the name of an account", plain(user));
    }
    let new = RouterCredentials {
        user: user.to_owned(),
        password: secrets::random_token(PASSWORD_BITS).into(),
    };
    let old_user = router.credentials.as_ref().map(|known| known.user.clone());
    let (id, company, kept) = (router.id.clone(), router.company.clone(), new.clone());
    store.write_now(move |db| {
        db.set_router_credentials(&id, &kept)?;
        let changes = Changes::none()
            .value("user", old_user, Some(&kept.user))
            .secret("password", true);
        db.add_audit(&Actor::command("kit").did(Some(&company), format!("router {id}"), changes))
    })?;
    Ok(new)
}

fn chosen<'d>(directory: &'d Directory, id: Option<&str>) -> Result<&'d Router> {
    let mut routers: Vec<_> = directory
        .routers
        .values()
        .filter(|router| router.card.removed_at.is_none())
        .collect();
    routers.arrange_by(|a, b| a.id.cmp(&b.id));
    let known: Vec<_> = routers.iter().map(|router| format!("`{}`", router.id)).collect();
    match (id, routers.as_slice()) {
        (_, []) => bail!("there is no router yet; `mikrelay apply` takes over a business file that names one"),
        (None, [only]) => Ok(*only),
        (None, _) => bail!("say which router with --router: {}", known.join(", ")),
        (Some(id), routers) => {
            let found = routers.iter().find(|router| router.id.as_str() == id).copied();
            found.ok_or_else(|| anyhow!("there is no router `{}`; there are {}", plain(id), known.join(", ")))
        }
    }
}

fn offer_of<'d>(directory: &'d Directory, router: &'d Router) -> Result<Offer<'d>> {
    Offer::of(directory, router).with_context(|| format!("router `{}` has no company", router.id))
}

/// A router with all its hotspots, or with one.
fn place_of<'d>(directory: &'d Directory, place: &PlaceArgs) -> Result<Offer<'d>> {
    let Some(id) = place.hotspot.as_deref() else {
        return offer_of(directory, chosen(directory, place.router.as_deref())?);
    };
    let hotspot = directory.hotspots.values().find(|hotspot| hotspot.id.as_str() == id);
    let Some(hotspot) = hotspot else {
        let mut known: Vec<_> = directory.hotspots.keys().map(|id| format!("`{id}`")).collect();
        known.arrange();
        bail!("there is no hotspot `{}`; there are {}", plain(id), known.join(", "));
    };
    let router = directory.router_of(hotspot).context("the hotspot has no router")?;
    let mut offer = offer_of(directory, router)?;
    offer.hotspots.retain(|other| other.hotspot.id == hotspot.id);
    Ok(offer)
}

/// The address that packets to the router leave from. Nothing is sent: the system is only asked for the way. Where that
/// cannot be what the router sees, it is not guessed: the script would shut the relay out.
fn address_towards(router: &str) -> Result<IpAddr> {
    let targets = router.to_socket_addrs().and_then(|targets| {
        let mut ways = targets.map(|target| (target, way_to(target)));
        let first = ways.next().ok_or(std::io::ErrorKind::NotFound)?;
        let open = std::iter::once(first).chain(ways).find(|(_, way)| way.is_ok());
        let (target, way) = open.ok_or(std::io::ErrorKind::HostUnreachable)?;
        Ok((target.ip(), way?))
    });
    match targets {
        Ok((_, own)) if own.is_loopback() || own.is_unspecified() => {
            bail!("the router is reached through this machine itself; {FROM_HINT}")
        }
        Ok((router, own)) if is_private(own) && !is_private(router) => {
            bail!("the router is out in the internet and sees another address than this machine's {own}; {FROM_HINT}")
        }
        Ok((_, own)) => Ok(own),
        Err(error) => Err(error).with_context(|| format!("no way to `{}` is known; {FROM_HINT}", plain(router))),
    }
}

fn way_to(target: SocketAddr) -> std::io::Result<IpAddr> {
    let any: IpAddr = match target {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0))?;
    socket.connect(target)?;
    Ok(socket.local_addr()?.ip())
}

fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_private(),
        IpAddr::V6(address) => address.is_unique_local(),
    }
}

/// `login.html`, or one for each hotspot where there are several.
fn login_file(offer: &Offer<'_>, hotspot: &HotspotOffer<'_>) -> String {
    match offer.hotspots.len() {
        1 => "login.html".to_owned(),
        _ => format!("login-{}.html", hotspot.hotspot.id),
    }
}

fn hand_over(text: &str, file: Option<&Path>, out: &mut dyn Write) -> Result<()> {
    match file {
        Some(file) => write_file(file, text),
        None => out.write_all(text.as_bytes()).context("cannot print it"),
    }
}

/// Whole or not at all, and for its owner's eyes only: a script holds a password.
fn write_file(path: &Path, text: &str) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let write = || -> std::io::Result<()> {
        let mut file = NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
        file.write_all(text.as_bytes())?;
        file.persist(path)?;
        Ok(())
    };
    write().with_context(|| format!("cannot write `{}`", path.display()))
}

fn read_language(text: &str) -> Result<Language, String> {
    let known = || Language::ALL.map(Language::code).join(", ");
    Language::from_tag(text).ok_or_else(|| format!("there are {}", known()))
}

fn read_look(text: &str) -> Result<Look, String> {
    let known = || Look::ALL.map(Look::as_str).join(", ");
    Look::from_text(text).ok_or_else(|| format!("there are {}", known()))
}

/// An address, or a network as `192.168.88.0/24`.
fn read_net(text: &str) -> Result<IpNet, String> {
    text.parse::<IpAddr>()
        .map(IpNet::from)
        .or_else(|_| text.parse::<IpNet>())
        .map_err(|_| "write an address or a network, for example 192.168.88.10 or 192.168.88.0/24".to_owned())
}

/// The script that lets unpaid phones reach the relay at `host` and the named gateways.
pub fn walled_garden(gateways: &[String], host: &str, out: &mut dyn Write) -> Result<()> {
    let gateways = gateways
        .iter()
        .map(|name| read_gateway(name))
        .collect::<Result<Vec<_>>>()?;
    let script = walled_garden_script(&gateways, host).context("the relay's host cannot stand in a script")?;
    out.write_all(script.as_bytes()).context("cannot print the script")
}

fn read_gateway(name: &str) -> Result<GatewayName> {
    GatewayName::from_text(&name.trim().to_ascii_lowercase()).ok_or_else(|| {
        let known: Vec<_> = GatewayName::ALL
            .iter()
            .map(|known| format!("`{}`", known.as_str()))
            .collect();
        hinted(
            format!("there is no gateway `{}`", crate::shown::shown(name)),
            format!("there are {}", known.join(", ")),
        )
    })
}

const FROM_HINT: &str = "say from which address the router sees the relay, for example --from 10.99.0.1";
const SCRIPT_FILE: &str = "router.rsc";
const GATEWAYS_FILE: &str = "gateways.html";
/// The relay's account on a router that has none for it.
const OWN_USER: &str = "mikrelay";
/// Letters and digits that nobody guesses, and that nothing on the way can garble.
const PASSWORD_BITS: usize = 120;
/// More than RouterOS users are called.
const MOST_USER: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn print(gateways: &[&str], host: &str) -> Result<String> {
        let gateways: Vec<String> = gateways.iter().map(|name| (*name).to_owned()).collect();
        let mut out = Vec::new();
        walled_garden(&gateways, host, &mut out)?;
        Ok(String::from_utf8(out)?)
    }

    #[test]
    fn the_relays_address_is_guessed_only_where_the_router_can_see_it() {
        for (router, told) in [
            ("127.0.0.1:8728", "through this machine itself"),
            ("nowhere.invalid:8728", "no way to `nowhere.invalid:8728` is known"),
        ] {
            let error = address_towards(router).unwrap_err().to_string();
            assert!(error.contains(told) && error.contains("--from 10.99.0.1"), "{error}");
        }
        let private = |text: &str| is_private(text.parse().unwrap());
        assert!(private("10.99.0.1") && private("192.168.1.1") && private("fd00::1"));
        assert!(!private("203.0.113.7") && !private("2001:db8::1"));
    }

    #[test]
    fn gateways_are_named_in_any_case() {
        let script = print(&["fedapay", " FeexPay"], "pay.example.net").unwrap();
        assert!(script.contains("# FedaPay\n") && script.contains("# FeexPay\n") && !script.contains("# CinetPay"));
    }

    #[test]
    fn an_unknown_gateway_or_host_is_named() {
        let unknown = print(&["paypal"], "pay.example.net").unwrap_err().to_string();
        assert_eq!(unknown, "there is no gateway `paypal`");
        let host = format!("{:#}", print(&["fedapay"], "a b").unwrap_err());
        assert!(
            host.contains("`a b` is neither a host name nor an IPv4 address"),
            "{host}"
        );
    }
}
