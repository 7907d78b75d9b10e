//! The script that sets a router up for the relay: an account with few rights, the API for one address, the walled garden,
//! logins from links.
//!
//! Each line stands alone, because a pasted script runs line by line, and can be run again: it adds what is missing and
//! sets what differs. It speaks the language of RouterOS 6 and 7 alike. What it made carries its comment; an account that
//! somebody else made is told of and left alone. Facts: `routeros.md` 4.2, 5 and 6.

use std::net::IpAddr;

use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};

use super::console::{quoted, remark};
use super::walled_garden::{self, HostError};
use crate::company::{GatewayName, RouterTls};

/// What a router's script is made of.
#[derive(Clone, Debug)]
pub struct RouterScript<'a> {
    /// What people call the router.
    pub router: &'a str,
    /// The relay's host name, for phones.
    pub relay_host: &'a str,
    /// Of the accounts in use, in the order they are listed.
    pub gateways: &'a [GatewayName],
    /// The account that the relay logs in with.
    pub user: &'a str,
    pub password: &'a SecretString,
    /// The account may read the passwords of the hotspot's users: for portals that let phones back in with codes that
    /// something else made.
    pub sensitive: bool,
    /// Where the router sees the relay come from.
    pub from: IpAddr,
    /// Who else may use the router's API, such as Mikhmon; not with the relay's account.
    pub also: &'a [IpNet],
    pub tls: &'a RouterTls,
    /// The names of the hotspot servers that sell.
    pub servers: &'a [&'a str],
}

/// The script as text. It holds the password, and says so first.
pub fn router_script(wish: &RouterScript<'_>) -> Result<String, HostError> {
    let mut script = heading(wish);
    script.push_str(&account(wish));
    script.push_str(&service(wish));
    for server in wish.servers {
        script.push_str(&links_log_in(server));
    }
    script.push_str("\n# Walled garden: what phones reach before they have paid\n");
    script.push_str(&walled_garden::rules(wish.gateways, wish.relay_host)?);
    script.push_str(&summary(wish));
    Ok(script)
}

/// Takes back what the script made. What it only changed stays: nobody knows what was there before.
pub fn removal_script() -> String {
    format!(
        "\
# Takes away what mikrelay's script made: its walled garden, its account and its group.
# The API service and the hotspot's ways to log in stay as they are.
/ip hotspot walled-garden ip remove [find where comment~\"^mikrelay \"]
/user remove [find where comment={MARK}]
/user group remove [find where name={GROUP}]
:put \"mikrelay: its rules, account and group are gone\"
"
    )
}

fn heading(wish: &RouterScript<'_>) -> String {
    let mut heading = format!(
        "\
# THIS FILE HOLDS A PASSWORD: the relay's for this router. Delete it when it was run.
# Sets router {} up for mikrelay. Paste it into the terminal, or upload it to Files and: /import file-name=router.rsc
# RouterOS 6 and 7. It can be run again: what is right already is left alone.
# The relay must come from {}; for another address: mikrelay kit script --from ADDRESS
# Phones must ask the router for names: /ip dns set allow-remote-requests=yes
# If the firewall drops what comes from the relay, add this and move it above the rules that drop:
#   /ip firewall filter add chain=input action=accept protocol=tcp dst-port={} src-address={} comment=mikrelay
",
        remark(wish.router),
        wish.from,
        if secured(wish) { 8729 } else { 8728 },
        wish.from,
    );
    heading.push('\n');
    heading
}

/// The relay's own group and account. Policies: facts `routeros.md` 6; nothing else is asked of a router.
fn account(wish: &RouterScript<'_>) -> String {
    let (user, password) = (quoted(wish.user), quoted(wish.password.expose_secret()));
    let address = IpNet::from(wish.from);
    let stays = quoted(&format!(
        "mikrelay: user {} is there and was not made by this script, so it stays as it is. \
         To let the script set it: give it the comment mikrelay and run this again.",
        remark(wish.user)
    ));
    let policy = if wish.sensitive { WITH_PASSWORDS } else { POLICY };
    let is_known: Vec<_> = policy.split(',').map(|right| format!("($w = \"{right}\")")).collect();
    let (is_known, rights) = (is_known.join(" || "), is_known.len());
    format!(
        "\
# The relay's account: it may use the API ({policy}) and nothing else
:if ([:len [/user group find where name={GROUP}]] = 0) do={{ /user group add name={GROUP} policy={policy} comment={MARK} }}
:foreach g in=[/user group find where name={GROUP}] do={{ :local n 0; \
:foreach w in=[:toarray [/user group get $g policy]] do={{ :if ([:pick $w 0 1] != \"!\") do={{ \
:if ({is_known}) do={{ :set n ($n + 1) }} else={{ :set n 99 }} }} }}; \
:if ($n != {rights}) do={{ /user group set $g policy={policy} }} }}
:if ([:len [/user find where name={user}]] = 0) do={{ \
/user add name={user} group={GROUP} password={password} address={address} comment={MARK} }}
:foreach u in=[/user find where name={user}] do={{ :if ([/user get $u comment] = {MARK}) do={{ \
/user set $u group={GROUP} password={password} address={address} disabled=no }} else={{ :put {stays} }} }}
"
    )
}

/// The API is open to the relay, and to those whom the operator named.
fn service(wish: &RouterScript<'_>) -> String {
    let name = if secured(wish) { "api-ssl" } else { "api" };
    let addresses: Vec<String> = std::iter::once(IpNet::from(wish.from))
        .chain(wish.also.iter().copied())
        .map(|net| net.to_string())
        .collect();
    let mut text = format!(
        "
# The API, for these addresses and no other. More of them: mikrelay kit script --also ADDRESS
:if ([/ip service get {name} disabled]) do={{ /ip service set {name} disabled=no }}
:if ([:tostr [/ip service get {name} address]] != \"{}\") do={{ /ip service set {name} address={} }}
",
        addresses.join(";"),
        addresses.join(",")
    );
    if secured(wish) {
        text.push_str(&format!(
            ":if (([:tostr [/ip service get {name} certificate]] = \"none\") || \
             ([:len [/ip service get {name} certificate]] = 0)) do={{ \
             :put \"mikrelay: api-ssl has no certificate; the relay cannot connect before it has one\" }}\n"
        ));
    }
    text
}

/// Links from the relay log a phone in only with `http-pap` (or `https`); the other ways stay.
fn links_log_in(server: &str) -> String {
    let name = quoted(server);
    let missing = quoted(&format!(
        "mikrelay: no hotspot server is named exactly {}",
        remark(server)
    ));
    format!(
        "
# Hotspot server {}: the relay's links may log phones in
:if ([:len [/ip hotspot find where name={name}]] = 0) do={{ :put {missing} }}
:foreach s in=[/ip hotspot find where name={name}] do={{ :local n [/ip hotspot get $s profile]; \
:foreach p in=[/ip hotspot profile find where name=$n] do={{ :local ways \"\"; :local has false; \
:foreach w in=[:toarray [/ip hotspot profile get $p login-by]] do={{ :set ways ($ways . $w . \",\"); \
:if (($w = \"http-pap\") || ($w = \"https\")) do={{ :set has true }} }}; \
:if (!$has) do={{ /ip hotspot profile set $p login-by=($ways . \"http-pap\") }} }} }}
",
        remark(server)
    )
}

fn summary(wish: &RouterScript<'_>) -> String {
    let user = quoted(wish.user);
    format!(
        "
:put (\"mikrelay: account \" . {user} . \" \" . [:len [/user find where name={user}]] . \", walled garden \" \
. [:len [/ip hotspot walled-garden ip find where comment~\"^mikrelay \"]] . \" rules. Now on the relay: mikrelay router test\")
"
    )
}

fn secured(wish: &RouterScript<'_>) -> bool {
    *wish.tls != RouterTls::Off
}

/// The comment of what the script made.
const MARK: &str = "\"mikrelay\"";
/// The name of the group, in quotes.
const GROUP: &str = "\"mikrelay\"";
/// What the relay needs, and what its own advice names when a router refuses a command.
const POLICY: &str = "api,read,write";
/// The same, where the passwords of codes are to be compared that the relay did not make.
const WITH_PASSWORDS: &str = "api,read,write,sensitive";
