//! Every page in every state and language: what it must have, and how some of them look exactly.
//! With `PAGES_DIR=/some/folder` the pages are also written there, to be looked at in a browser.

use std::collections::BTreeSet;

use insta::assert_snapshot;

use super::error::Fault;
use super::link::{Pairs, read_old, read_short};
use super::*;
use crate::company::GatewayName;
use crate::gateway::{Network, PayMethod};
use crate::ids::{AccountId, HotspotId, OrderRef, OrderToken, PlanId};
use crate::money::{Currency, Money};
use crate::order::{Online, Place, PlanSnapshot, State};
use crate::payment::checkout::{LinkFault, Offer, OfferAccount};
use crate::payment::view::{LinkView, OrderView, PayStep, PayableAt, VoucherView};
use crate::plan::{DataLimit, TimeLimit};
use crate::reason::{GatewayRule, Reason};
use crate::voucher::UserMode;

#[test]
fn every_page_is_sound_in_every_language() {
    for language in Language::ALL {
        for (name, html) in samples(language) {
            let name = format!("{name}.{}", language.code());
            if let Some(folder) = std::env::var_os("PAGES_DIR") {
                let file = std::path::Path::new(&folder).join(format!("{name}.html"));
                std::fs::write(file, &html).expect("the folder can be written");
            }
            check(&name, language, &html);
        }
    }
}

#[test]
fn the_buy_page_is_light() {
    // Head and answer line of the server have below 700 bytes; the script comes once and is kept.
    let script = render::SCRIPT.len();
    for language in Language::ALL {
        for (name, html) in samples(language)
            .into_iter()
            .filter(|(name, _)| name.starts_with("buy"))
        {
            let total = html.len() + script + 2 * 700;
            assert!(
                total <= 14 * 1024,
                "{name} in {language:?}: {total} bytes over the wire"
            );
        }
    }
}

#[test]
fn a_buy_page_is_one_form_with_one_button() {
    for (name, html) in samples(Language::Fr)
        .into_iter()
        .filter(|(name, _)| name.starts_with("buy"))
    {
        assert_eq!(html.matches("<form ").count(), 1, "{name}");
        assert_eq!(html.matches("<form method=\"post\" action=\"/b").count(), 1, "{name}");
        assert_eq!(html.matches("type=\"submit\"").count(), 1, "{name}");
        assert!(!html.contains("fp_secret"), "{name} repeats a gateway's key");
    }
}

#[test]
fn pages_look_as_they_did() {
    for (name, html) in samples(Language::Fr) {
        assert_snapshot!(format!("{name}.fr"), without_style(&html));
    }
    for language in [Language::En, Language::Es, Language::Pt] {
        for (name, html) in samples(language) {
            if ["buy-phone", "order-ready", "order-phone", "order-cash", "error-plan"].contains(&name) {
                assert_snapshot!(format!("{name}.{}", language.code()), without_style(&html));
            }
        }
    }
}

#[test]
fn b4_hostile_values_stay_text() {
    let hostile = "\"><script>alert(1)</script>{{777*777}}$(mac)'";
    let mut offer = offer(vec![phone_account()]);
    hostile.clone_into(&mut offer.company_name);
    hostile.clone_into(&mut offer.plan.label);
    let query = format!(
        "dst={0}&mac={0}&lang={0}&account={0}",
        hostile.replace('&', "%26").replace('+', "%2B")
    );
    let link = read_short(hostile, Some(hostile), &Pairs::read(query.as_bytes()), None);
    let html = buy::sample(
        &link,
        &offer,
        Language::En,
        &[("phone", hostile), ("email", hostile)],
        Some("phone"),
    );
    check("hostile buy page", Language::En, &html);
    let mut order = order(State::Failed);
    order.refusal = Some(hostile.to_owned());
    hostile.clone_into(&mut order.plan_label);
    hostile.clone_into(&mut order.company_name);
    let html = html_of(order::page(&order, Language::En).expect("a page"));
    check("hostile order page", Language::En, &html);
    let html = error::page(Fault::Plan, Language::En, Some(hostile), Some(hostile)).expect("a page");
    check("hostile error page", Language::En, &html);
}

#[test]
fn the_state_of_an_order_changes_when_its_page_does() {
    let mut versions = BTreeSet::new();
    let (mut pages, mut count) = (BTreeSet::new(), 0);
    for (_, view) in orders().into_iter().filter(|(name, _)| *name != "order-script") {
        versions.insert(order::version(&view));
        pages.insert(html_of(order::page(&view, Language::Fr).expect("a page")));
        count += 1;
    }
    assert_eq!((versions.len(), pages.len()), (count, count), "{versions:?}");
}

#[test]
fn a_device_is_known_by_its_cookie_alone() {
    let mut headers = HeaderMap::new();
    headers.append(COOKIE, "a=b; mikrelay_device=X~1.Y~2; c=d".parse().expect("a header"));
    assert_eq!(Visit::new(&headers, None, b"").device(), Some("X~1.Y~2"));
    headers.insert(COOKIE, "not_mikrelay_device=1".parse().expect("a header"));
    assert_eq!(
        Visit::new(&headers, Some("mikrelay_device=1"), b"mikrelay_device=1").device(),
        None
    );
}

/// What every page owes to every reader.
fn check(name: &str, language: Language, html: &str) {
    assert!(html.starts_with("<!doctype html>\n<html lang=\""), "{name}");
    assert!(
        html.contains(&format!("<html lang=\"{}\">", language.code())),
        "{name}: language"
    );
    assert_eq!(html.matches("<h1").count(), 1, "{name}: one heading");
    assert_eq!(html.matches("<main").count(), 1, "{name}: one main part");
    let tags: Vec<_> = html
        .split('<')
        .skip(1)
        .filter_map(|rest| rest.split('>').next())
        .collect();
    for tag in &tags {
        assert!(
            !tag.contains(" style=") && !tag.contains(" on"),
            "{name}: inline code in <{tag}>"
        );
        assert!(!tag.contains("javascript:"), "{name}: <{tag}>");
        let outside =
            tag.contains("src=\"") && !tag.contains("src=\"/static/") && !tag.starts_with("script src=\"https://cdn.");
        assert!(!outside, "{name}: foreign asset in <{tag}>");
    }
    let scripts = tags.iter().filter(|tag| tag.starts_with("script"));
    assert!(
        scripts.clone().all(|tag| tag.starts_with("script src=\"")),
        "{name}: inline script"
    );
    assert_eq!(html.matches("<script").count(), scripts.count(), "{name}");
    assert!(!html.contains("603729"), "{name}: a template in a value was run");
    let ids: Vec<_> = tags
        .iter()
        .filter_map(|tag| tag.split(" id=\"").nth(1)?.split('"').next())
        .collect();
    let unique: BTreeSet<_> = ids.iter().collect();
    assert_eq!(unique.len(), ids.len(), "{name}: {ids:?}");
    for (attribute, tag) in ["for", "aria-describedby", "aria-labelledby"]
        .iter()
        .flat_map(|a| tags.iter().map(move |t| (a, t)))
    {
        if let Some(target) = tag
            .split(&format!(" {attribute}=\""))
            .nth(1)
            .and_then(|rest| rest.split('"').next())
        {
            assert!(unique.contains(&target), "{name}: nothing is called `{target}`");
        }
    }
    let fields = tags
        .iter()
        .filter(|tag| tag.starts_with("input") || tag.starts_with("select"));
    for field in fields.filter(|tag| !tag.contains("type=\"hidden\"")) {
        let id = field
            .split(" id=\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next())
            .unwrap_or_default();
        assert!(
            html.contains(&format!(" for=\"{id}\"")),
            "{name}: no label for <{field}>"
        );
    }
}

fn without_style(html: &str) -> String {
    let (head, rest) = html.split_once("<style>").expect("a style");
    let (_, rest) = rest.split_once("</style>").expect("its end");
    let (before, version) = rest.split_once("order.js?v=").unwrap_or((rest, ""));
    let rest = if version.is_empty() {
        before.to_owned()
    } else {
        format!("{before}order.js?v=…{}", version.split_at(12).1)
    };
    let head = head.split("order.js?v=").enumerate().map(|(at, part)| {
        if at == 0 {
            part.to_owned()
        } else {
            format!("order.js?v=…{}", part.split_at(12).1)
        }
    });
    format!("{}<style>…</style>{rest}", head.collect::<String>())
}

fn html_of(page: Page) -> String {
    match page.content {
        Content::Html { html, .. } => html,
        other => panic!("not a page: {other:?}"),
    }
}

/// All pages, by name.
fn samples(language: Language) -> Vec<(&'static str, String)> {
    let mut pages = buy_pages(language);
    pages.extend(
        orders()
            .into_iter()
            .map(|(name, view)| (name, html_of(order::page(&view, language).expect("a page")))),
    );
    let refused = OrderView {
        fault: Some(Reason::RuleBroken {
            gateway: GatewayName::Cinetpay,
            price: Money::from_minor(103, Currency::Xof),
            rule: GatewayRule::MultiplesOf {
                step: Money::from_minor(5, Currency::Xof),
            },
        }),
        ..order(State::Failed)
    };
    pages.push((
        "order-refused",
        html_of(order::page(&refused, language).expect("a page")),
    ));
    let mut headers = HeaderMap::new();
    headers.insert(
        http::header::ACCEPT_LANGUAGE,
        language.code().parse().expect("a header"),
    );
    let visit = Visit::new(&headers, None, b"");
    pages.push(("home", html_of(home(&visit).expect("a page"))));
    pages.push(("recover", html_of(recover::show(&visit).expect("a page"))));
    pages.push(("recover-nothing", recover::sample(&visit, "K7Q2M9X4T1WBZC", "1234")));
    for (name, fault, hint, id) in [
        (
            "error-plan",
            Fault::Plan,
            Some(LinkFault::UnknownPlan(PlanId::new("4h"))),
            None,
        ),
        ("error-lost", Fault::Lost, None, None),
        ("error-often", Fault::Often { seconds: 12 }, None, None),
        ("error-broken", Fault::Broken, None, Some("5f3a91c0")),
    ] {
        let hint = hint.and_then(|fault| hint::of(&PageError::Link(fault), language));
        pages.push((name, error::page(fault, language, hint.as_deref(), id).expect("a page")));
    }
    pages
}

fn buy_pages(language: Language) -> Vec<(&'static str, String)> {
    let query = "mac=A4:5E:60:C2:10:9F&ip=10.5.50.12&dst=http%3A%2F%2Fwifi.example.net%2Fstatus";
    let short = |query: &str| read_short("4h", None, &Pairs::read(query.as_bytes()), None);
    let link = short(query);
    let old = format!("nasid=hotspot1&profile_name=4H&amount=150&token=fp_secret&siteid=5f0c&{query}");
    let old = read_old(GatewayName::Feexpay, &Pairs::read(old.as_bytes()), None).expect("a link");
    let open = read_old(
        GatewayName::Fedapay,
        &Pairs::read(b"nasid=hotspot1&profile_name=4H&amount=100&pub_key=pk_x"),
        None,
    );
    let page = |link, offer: Offer| buy::sample(link, &offer, language, &[], None);
    let mut differs = offer(vec![phone_account()]);
    differs.price_differs = true;
    let mut bare = offer(vec![account("awa-fedapay", GatewayName::Fedapay, PayMethod::Redirect)]);
    bare.plan = PlanSnapshot {
        plan: None,
        label: "4H".to_owned(),
        time: TimeLimit::default(),
        data: DataLimit::default(),
        ..bare.plan
    };
    vec![
        (
            "buy-redirect",
            page(
                &link,
                offer(vec![account("awa-fedapay", GatewayName::Fedapay, PayMethod::Redirect)]),
            ),
        ),
        ("buy-phone", page(&link, offer(vec![phone_account()]))),
        (
            "buy-fault",
            buy::sample(
                &link,
                &offer(vec![phone_account()]),
                language,
                &[("phone", "12"), ("email", "a@b")],
                Some("phone"),
            ),
        ),
        ("buy-otp", page(&link, offer(vec![burkina_account()]))),
        (
            "buy-choice",
            page(
                &link,
                offer(vec![
                    account("awa-fedapay", GatewayName::Fedapay, PayMethod::Redirect),
                    phone_account(),
                ]),
            ),
        ),
        (
            "buy-unexpanded",
            page(
                &short("mac=$(mac)&ip=$(ip)"),
                offer(vec![account("c", GatewayName::Cinetpay, PayMethod::Redirect)]),
            ),
        ),
        ("buy-old-price", page(&old, differs)),
        ("buy-open", page(&open.expect("a link"), bare)),
    ]
}

fn offer(accounts: Vec<OfferAccount>) -> Offer {
    Offer {
        company_name: "Cyber Awa".to_owned(),
        country: "BJ".to_owned(),
        language: Language::Fr,
        hotspot: HotspotId::new("cotonou-1-main"),
        dns_name: Some("wifi.example.net".to_owned()),
        plan: PlanSnapshot {
            plan: Some(PlanId::new("4h")),
            label: "4 heures".to_owned(),
            profile: "4H".to_owned(),
            price: Money::from_minor(100, Currency::Xof),
            time: TimeLimit { seconds: 4 * 3600 },
            data: DataLimit::default(),
        },
        accounts,
        price_differs: false,
    }
}

fn account(id: &str, gateway: GatewayName, method: PayMethod) -> OfferAccount {
    OfferAccount {
        id: AccountId::new(id),
        gateway,
        mode: crate::company::Mode::Live,
        method,
    }
}

fn network(id: &'static str, title: &'static str, prefixes: &'static [&'static str], wants_otp: bool) -> Network {
    Network {
        id,
        title,
        prefixes,
        wants_otp,
    }
}

fn phone_account() -> OfferAccount {
    let networks = vec![
        network("mtn", "MTN MoMo", &["0166"], false),
        network("moov", "Moov Money", &["0195"], false),
        network("celtiis_bj", "Celtiis Cash", &["0140"], false),
    ];
    account("awa-feexpay", GatewayName::Feexpay, PayMethod::PhoneForm { networks })
}

fn burkina_account() -> OfferAccount {
    let networks = vec![
        network("moov_bf", "Moov Money", &[], false),
        network("orange_bf", "Orange Money", &[], true),
    ];
    account("ouaga", GatewayName::Feexpay, PayMethod::PhoneForm { networks })
}

fn order(state: State) -> OrderView {
    OrderView {
        reference: OrderRef::new("K7Q2M9X4T1WBZC"),
        token: OrderToken::new("mfrggzdfmztwq2lknnwg23tpoa"),
        state,
        online: Online::Unknown,
        language: Language::Fr,
        company_name: "Cyber Awa".to_owned(),
        hotspot_name: "hotspot1".to_owned(),
        plan_label: "4 heures".to_owned(),
        price: Money::from_minor(100, Currency::Xof),
        time: TimeLimit { seconds: 4 * 3600 },
        data: DataLimit { bytes: 2 << 30 },
        gateway: GatewayName::Fedapay,
        pay: PayStep::Nothing,
        payable_at: None,
        voucher: state.shows_voucher().then(|| VoucherView {
            username: "mm7k3q9x".to_owned(),
            password: "mm7k3q9x".to_owned(),
            mode: UserMode::Vc,
        }),
        link: None,
        login_url: state
            .shows_voucher()
            .then(|| "http://wifi.example.net/login?username=mm7k3q9x&password=mm7k3q9x".to_owned()),
        home_url: Some("http://wifi.example.net/status".to_owned()),
        retry_url: "/b/4h?lang=fr".to_owned(),
        refusal: None,
        fault: None,
        paid_for_s: matches!(state, State::Paid | State::Stuck).then_some(4),
    }
}

/// A payment by link: its page shows a reference instead of a plan, and no code.
fn by_link(order: OrderView) -> OrderView {
    OrderView {
        plan_label: "factura-77".to_owned(),
        link: Some(LinkView {
            return_url: Some("https://shop.example.net/back?x=1&y=\"2".to_owned()),
        }),
        voucher: None,
        login_url: None,
        home_url: None,
        retry_url: "/".to_owned(),
        ..order
    }
}

/// One that is paid on a page, or away from it.
fn in_mexico() -> OrderView {
    OrderView {
        gateway: GatewayName::Conekta,
        company_name: "Café Awa".to_owned(),
        price: Money::from_minor(1500, Currency::Mxn),
        pay: PayStep::Open {
            url: "https://pay.conekta.com/checkout/616ba38fc4154d1f9c5c70b9c2752f3d".to_owned(),
        },
        ..order(State::Waiting)
    }
}

fn payable(reference: &str, place: Place) -> PayableAt {
    PayableAt {
        reference: reference.to_owned(),
        place,
        until: Some(jiff::civil::date(2026, 11, 24).at(18, 30, 0, 0)),
        url: Some("https://barcodes.conekta.com/616ba38f.png".to_owned()),
    }
}

fn orders() -> Vec<(&'static str, OrderView)> {
    let waiting = |pay: PayStep| OrderView {
        pay,
        ..order(State::Waiting)
    };
    let pair = VoucherView {
        username: "mm7k3q9x".to_owned(),
        password: "48273".to_owned(),
        mode: UserMode::Up,
    };
    let script = PayStep::CheckoutJs {
        script_url: "https://cdn.fedapay.com/checkout.js?v=1.1.7".to_owned(),
        public_key: "pk_live_x".to_owned(),
        environment: "live",
        description: "4 heures".to_owned(),
    };
    let open = PayStep::Open {
        url: "https://process.fedapay.com/eyJ0".to_owned(),
    };
    vec![
        ("order-open", waiting(open.clone())),
        (
            "order-phone",
            waiting(PayStep::ConfirmOnPhone {
                last_digits: "34".to_owned(),
            }),
        ),
        ("order-script", waiting(script)),
        (
            "order-cash",
            OrderView {
                payable_at: Some(payable(
                    "93000262276908",
                    Place::Cash {
                        store: Some("OXXO".to_owned()),
                    },
                )),
                ..in_mexico()
            },
        ),
        (
            "order-transfer",
            OrderView {
                payable_at: Some(payable(
                    "734180008033435128",
                    Place::Transfer {
                        bank: Some("STP".to_owned()),
                    },
                )),
                ..in_mexico()
            },
        ),
        ("order-unreached", waiting(PayStep::TryAgain)),
        ("order-paid", order(State::Paid)),
        (
            "order-slow",
            OrderView {
                paid_for_s: Some(600),
                ..order(State::Paid)
            },
        ),
        ("order-stuck", order(State::Stuck)),
        (
            "order-connecting",
            OrderView {
                online: Online::Trying,
                ..order(State::Provisioned)
            },
        ),
        (
            "order-ready",
            OrderView {
                online: Online::No,
                ..order(State::Delivered)
            },
        ),
        (
            "order-pair",
            OrderView {
                voucher: Some(pair),
                login_url: None,
                ..order(State::Delivered)
            },
        ),
        (
            "order-online",
            OrderView {
                online: Online::Yes,
                ..order(State::Delivered)
            },
        ),
        (
            "order-failed",
            OrderView {
                refusal: Some("LOW_BALANCE_OR_PAYEE_LIMIT_REACHED".to_owned()),
                ..order(State::Failed)
            },
        ),
        ("order-link-open", by_link(waiting(open.clone()))),
        ("order-link-paid", by_link(order(State::Delivered))),
        (
            "order-declined",
            OrderView {
                gateway: GatewayName::Mercadopago,
                refusal: Some("cc_rejected_insufficient_amount".to_owned()),
                ..order(State::Failed)
            },
        ),
        ("order-expired", order(State::Expired)),
        ("order-cancelled", order(State::Cancelled)),
        ("order-held", order(State::Held)),
        ("order-refunding", order(State::Refunding)),
        ("order-refunded", order(State::Refunded)),
    ]
}
