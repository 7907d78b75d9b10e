//! From the buttons of a page to business records, doubts and new targets.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::draft::Draft;
use super::find::{Button, Oddity, Page, Target, line_of, line_starts};
use super::link::{Field, is_macro};
use super::places::{self, Hints, Notes, Place};
use super::plans::{self, KnownPlan};
use super::rewrite::{Edit, rewritten};
use super::{Doubt, ImportError, Wish, accounts, glyphs};
use crate::company::{Directory, GatewayName};
use crate::ids::RouterId;
use crate::shown::shown;
use crate::sorted::Arrange;

/// What came of a page.
#[derive(Clone, Debug)]
pub struct Understood {
    pub rows: Vec<Row>,
    pub doubts: Vec<Doubt>,
    /// What the operator still has to do before this sells.
    pub todos: Vec<String>,
    pub draft: Draft,
    pub edits: Vec<Edit>,
    /// `None` where nothing was understood.
    pub router: Option<RouterId>,
}

/// One button as it was understood.
#[derive(Clone, Debug)]
pub struct Row {
    pub line: usize,
    pub label: String,
    pub gateway: GatewayName,
    pub account: Option<String>,
    pub hotspot: String,
    /// The hotspot server's name on the router.
    pub server: String,
    pub plan: KnownPlan,
}

/// Understands a page against what the relay has. Nothing is written.
pub fn understand(bytes: &[u8], page: &Page, directory: &Directory, wish: &Wish) -> Result<Understood, ImportError> {
    let mut notes = Notes::default();
    let mut draft = Draft::of(directory)?;
    oddities(page, wish, &mut notes);
    let mut lost = Vec::new();
    let sale = Sale { page, directory, wish };
    let (rows, router) = match page.buttons.iter().any(|button| plans::sells(&button.fields)) {
        true => sale.rows(&mut draft, &mut notes, &mut lost)?,
        false => (Vec::new(), None),
    };
    if rows.is_empty() {
        // Nothing is made for a page that sells nothing.
        draft = Draft::of(directory)?;
        notes.todos.clear();
        if page.buttons.is_empty() {
            notes.doubt(None, "there is no old buy button in this page");
        }
    }
    let text = glyphs::text(&glyphs::read(bytes, 0..bytes.len(), page.charset));
    for (line, kind) in accounts::private_keys(&text) {
        notes.doubt(
            line,
            format!(
                "{kind} stands in this page, and everybody could read it. It is not taken over: revoke it where it was made, make a \
                 new one, and take it out of the page"
            ),
        );
    }
    let edits: Vec<_> = rows
        .iter()
        .filter_map(|row| Some((row, page.buttons.get(row.button)?)))
        .flat_map(|(row, button)| new_target(row, button, wish))
        .collect();
    leftover_keys(&rewritten(bytes, &edits), page, &mut notes);
    notes.doubts.arrange_by_key(|doubt| doubt.line);
    Ok(Understood {
        rows: rows.into_iter().map(|row| row.row).collect(),
        doubts: notes.doubts,
        todos: notes.todos,
        draft,
        edits,
        router,
    })
}

/// Secrets of buttons that stand elsewhere in the new page, too: in a comment, or in a button that stays.
fn leftover_keys(new: &[u8], page: &Page, notes: &mut Notes) {
    let starts = line_starts(new);
    for button in &page.buttons {
        let fields = [Field::ApiKey, Field::Token].into_iter();
        for key in fields
            .filter_map(|field| button.fields.get(field))
            .filter(|key| !is_macro(key))
        {
            let found = new.windows(key.len()).position(|window| window == key.as_bytes());
            if let Some(at) = found {
                let text = format!(
                    "{}'s key stands in line {} of the new page still; take it out of there",
                    button.gateway.title(),
                    line_of(&starts, at)
                );
                notes.doubt(None, text);
            }
        }
    }
}

struct Sale<'a> {
    page: &'a Page,
    directory: &'a Directory,
    wish: &'a Wish,
}

/// A row and the button it is of.
struct Sold {
    button: usize,
    row: Row,
}

impl Sale<'_> {
    fn rows(
        &self,
        draft: &mut Draft,
        notes: &mut Notes,
        sold_at: &mut Vec<(usize, usize)>,
    ) -> Result<(Vec<Sold>, Option<RouterId>), ImportError> {
        let hints = Hints {
            title: self.page.title.as_deref(),
            currency: self
                .page
                .buttons
                .iter()
                .find_map(|button| button.fields.get(Field::Currency)),
        };
        let place = places::find(draft, self.wish, hints, notes)?;
        let mut known = plans::known(self.directory);
        let mut rows = Vec::new();
        for (index, button) in self.page.buttons.iter().enumerate() {
            faults(button, notes);
            let Some(sold) = plans::read(button, &place, notes) else {
                continue;
            };
            let server = self.server(draft, &place, button, notes);
            let hotspot = places::hotspot(draft, &place, &server, notes);
            let account = accounts::find(draft, self.directory, &place, button, notes);
            let where_sold = (hotspot.as_str(), account.as_deref());
            let what = (&sold, button.label.as_deref());
            let at = plans::find(draft, &mut known, where_sold, what, Some(button.line), notes);
            sold_at.push((index, at));
            let Some(plan) = known.get(at) else { continue };
            rows.push(Sold {
                button: index,
                row: Row {
                    line: button.line,
                    label: button.label.clone().unwrap_or_else(|| sold.profile.clone()),
                    gateway: button.gateway,
                    account,
                    hotspot,
                    server,
                    plan: plan.clone(),
                },
            });
        }
        // Later buttons may have added gateways to a plan.
        for (row, (_, at)) in rows.iter_mut().zip(sold_at.iter()) {
            if let Some(plan) = known.get(*at) {
                row.row.plan = plan.clone();
            }
        }
        several_servers(&rows, notes);
        Ok((rows, Some(RouterId::new(place.router))))
    }

    /// The hotspot server that a button names, or what is likely where it names none.
    fn server(&self, draft: &Draft, place: &Place, button: &Button, notes: &mut Notes) -> String {
        let named = button.fields.get(Field::Nasid);
        if let Some(name) = named.filter(|name| !name.contains("$(")) {
            return name.to_owned();
        }
        if let Some(name) = &self.wish.nasid {
            return name.clone();
        }
        let hotspots = draft.with("hotspot", "router", &place.router);
        let name = match hotspots.as_slice() {
            [only] => draft.text("hotspot", only, "name").unwrap_or_default().to_owned(),
            _ => USUAL_SERVER.to_owned(),
        };
        let said = named.map_or_else(
            || "names no hotspot server (`nasid`)".to_owned(),
            |name| format!("says `{}`", shown(name)),
        );
        notes.doubt(
            button.line,
            format!("the button {said}: `{name}` is taken; if the server has another name, say so with `--nasid`"),
        );
        name
    }
}

fn several_servers(rows: &[Sold], notes: &mut Notes) {
    let mut servers: Vec<_> = rows.iter().map(|sold| format!("`{}`", sold.row.server)).collect();
    servers.arrange();
    servers.dedup();
    if servers.len() > 1 {
        notes.doubt(
            None,
            format!(
                "the page names {} hotspot servers: {}. All are taken for servers of one router; if a phone sees this page on one of \
                 them alone, the others' buttons are mistakes",
                servers.len(),
                servers.join(", ")
            ),
        );
    }
}

fn faults(button: &Button, notes: &mut Notes) {
    if button.has_encoded_macro {
        notes.doubt(
            button.line,
            "a variable such as `$(mac)` was written encoded, so the router never filled it in; the new link has it plain",
        );
    }
    if button.is_open {
        notes.doubt(
            button.line,
            "the quote of this link is never closed: browsers do not show the button as one. Its target is changed, the quote is \
             yours to mend",
        );
    }
    for (field, name) in [(Field::Mac, "mac"), (Field::Ip, "ip")] {
        if let Some(value) = button.fields.get(field).filter(|value| !is_macro(value)) {
            notes.doubt(
                button.line,
                format!(
                    "`{name}` is `{}` and not a variable of the router; the new link has `$({name})`",
                    shown(value)
                ),
            );
        }
    }
}

fn oddities(page: &Page, wish: &Wish, notes: &mut Notes) {
    for (line, oddity) in &page.oddities {
        let text = match oddity {
            Oddity::Commented => "an old button is commented out; it is not taken over",
            Oddity::Computed => {
                "a script puts a link together here, and what it makes is not known; it stays as it is. Write the short link of \
                 each plan in its place (`mikrelay export` shows the plans)"
            }
            Oddity::UnknownGateway => "an old link leads to a gateway that this relay does not know; it stays as it is",
            Oddity::Bare => "an old link has no parameters, so what it sells is not known; it stays as it is",
            Oddity::Choice => {
                "a form lets the buyer choose its plan from a list; it stays as it is. Make a link of each plan instead"
            }
        };
        notes.doubt(*line, text);
    }
    for line in &page.recoveries {
        notes.doubt(
            *line,
            format!(
                "the link to the page for lost codes still leads to the old relay; write {}/retrieve-mikhmon-code",
                wish.relay_url
            ),
        );
    }
}

/// What has to be written so that a button leads to its plan here.
fn new_target(sold: &Sold, button: &Button, wish: &Wish) -> Vec<Edit> {
    let row = &sold.row;
    let path = format!(
        "{}/b/{}",
        wish.relay_url,
        utf8_percent_encode(&row.plan.id, PATH_SEGMENT)
    );
    // Where several accounts sell it, the button is for one of them.
    let account = row.account.as_deref().filter(|_| row.plan.accounts.len() != 1);
    match &button.target {
        Target::Link { place, escaped } => {
            let variable = |field, usual: &str| {
                let own = button.fields.get(field).filter(|value| is_macro(value));
                own.unwrap_or(usual).to_owned()
            };
            let mut pairs = vec![
                format!("mac={}", variable(Field::Mac, "$(mac)")),
                format!("ip={}", variable(Field::Ip, "$(ip)")),
                format!("dst={}", variable(Field::Dst, "$(link-status-esc)")),
            ];
            pairs.extend(account.map(|account| format!("account={account}")));
            let and = if *escaped { "&amp;" } else { "&" };
            vec![Edit {
                place: place.clone(),
                text: format!("{path}?{}", pairs.join(and)),
            }]
        }
        Target::Form { action, method, key } => {
            let edit = |place: &std::ops::Range<usize>, text: &str| Edit {
                place: place.clone(),
                text: text.to_owned(),
            };
            let mut edits = vec![edit(action, &path)];
            edits.extend(method.iter().map(|method| edit(method, "get")));
            if let (Some((name, value)), Some(account)) = (key, &row.account) {
                edits.extend([edit(name, "account"), edit(value, account)]);
            }
            edits
        }
    }
}

/// What RouterOS' hotspot setup calls the first server.
const USUAL_SERVER: &str = "hotspot1";

const PATH_SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
