use super::*;
use crate::company::{AccountKeys, RefundPolicy, RouterTls};
use crate::http_client::guard::Guard;
use crate::ids::{AccountId, CompanyId, HotspotId, RouterId};
use crate::voucher::VoucherStyle;

fn directory() -> Directory {
    let company = Company {
        id: CompanyId::new("plaza"),
        name: "WiFi Plaza".to_owned(),
        country: "MX".to_owned(),
        language: Language::Es,
        timezone: "America/Mexico_City".to_owned(),
        notify_email: None,
        card: crate::company::CompanyCard::default(),
    };
    let account = |id: &str, mode, keys| Account {
        id: AccountId::new(id),
        company: CompanyId::new("plaza"),
        mode,
        base_url: None,
        keys,
        refunds: RefundPolicy::default(),
    };
    let conekta = || AccountKeys::Conekta {
        private_key: "key_private".into(),
        public_key: None,
        webhook_keys: Vec::new(),
        methods: Vec::new(),
    };
    let accounts = [
        account("a-test", Mode::Test, conekta()),
        account("b-live", Mode::Live, conekta()),
    ];
    let mut directory = Directory::default();
    directory.companies.insert(company.id.clone(), company);
    for account in accounts {
        directory.accounts.insert(account.id.clone(), account);
    }
    let router = Router {
        id: RouterId::new("r1"),
        company: CompanyId::new("plaza"),
        address: "10.0.0.1:8728".to_owned(),
        tls: RouterTls::Off,
        credentials: None,
        access_uuid: "u".to_owned(),
        card: crate::company::RouterCard::default(),
    };
    let hotspot = Hotspot {
        id: HotspotId::new("h1"),
        router: RouterId::new("r1"),
        label: "h1".to_owned(),
        name: "h1".to_owned(),
        dns_name: None,
        style: VoucherStyle::default(),
        links: crate::company::LinkPolicy::Plans,
        mikhmon: crate::company::MikhmonWishes::default(),
    };
    directory.routers.insert(router.id.clone(), router);
    directory.hotspots.insert(hotspot.id.clone(), hotspot);
    directory
}

const GOOD: [(&str, &str); 5] = [
    ("provider", "conekta"),
    ("action", "create"),
    ("amount", "15.50"),
    ("reference_id", "factura 77"),
    ("return_url", "https://shop.example.net"),
];

fn fields(changes: &[(&str, &str)]) -> LinkFields {
    let mut fields = LinkFields::default();
    for (name, value) in changes.iter().chain(&GOOD) {
        fields.put(name, value);
    }
    fields
}

fn caller(account: Option<&str>) -> Caller {
    Caller {
        company: CompanyId::new("plaza"),
        account: account.map(AccountId::new),
    }
}

fn read_for(caller: &Caller, fields: &LinkFields) -> Result<LinkWish, Vec<FieldFault>> {
    match super::read(&directory(), &Outgoing::new(Guard::default()), caller, fields) {
        Ok(wish) => Ok(wish),
        Err(Unfit::Fields(faults)) => Err(faults),
        Err(other) => panic!("{other:?}"),
    }
}

fn wish(changes: &[(&str, &str)]) -> LinkWish {
    read_for(&caller(None), &fields(changes)).unwrap_or_else(|faults| panic!("{faults:?}"))
}

fn faults(changes: &[(&str, &str)]) -> Vec<(&'static str, Problem)> {
    let faults = read_for(&caller(None), &fields(changes)).err().expect("faults");
    faults.into_iter().map(|fault| (fault.field, fault.problem)).collect()
}

#[test]
fn amounts_are_exact_major_units() {
    for (text, minor) in [
        ("1000", 100_000),
        ("15.5", 1_550),
        ("0.01", 1),
        ("1200.99", 120_099),
        ("10.0", 1_000),
    ] {
        let wish = wish(&[("amount", text)]);
        assert_eq!(wish.price, Money::from_minor(minor, Currency::Mxn), "{text}");
    }
    for (text, problem) in [
        ("0", Problem::Zero),
        ("0.00", Problem::Zero),
        ("1e3", Problem::NotAnAmount),
        ("-5", Problem::NotAnAmount),
        ("NaN", Problem::NotAnAmount),
        ("1,5", Problem::NotAnAmount),
        (
            "0.001",
            Problem::TooFine {
                currency: Currency::Mxn,
            },
        ),
        ("99999999999999999999", Problem::TooLarge),
    ] {
        assert_eq!(faults(&[("amount", text)]), [("amount", problem)], "{text}");
    }
}

#[test]
fn real_money_comes_first_and_a_proven_account_is_the_only_one() {
    assert_eq!(wish(&[]).account.id.as_str(), "b-live");
    assert_eq!(wish(&[("account", "a-test")]).account.id.as_str(), "a-test");
    let gateway = GatewayName::Conekta;
    assert_eq!(
        faults(&[("account", "x")]),
        [("account", Problem::NoAccount { gateway })]
    );
    let proven = caller(Some("a-test"));
    assert_eq!(
        read_for(&proven, &fields(&[]))
            .map(|wish| wish.account.id.to_string())
            .unwrap(),
        "a-test"
    );
    assert!(read_for(&proven, &fields(&[("account", "b-live")])).is_err());
    assert_eq!(
        faults(&[("provider", "mp")]),
        [(
            "provider",
            Problem::NoAccount {
                gateway: GatewayName::Mercadopago
            }
        )]
    );
    assert_eq!(
        faults(&[("provider", "paypal")]),
        [("provider", Problem::UnknownProvider)]
    );
}

#[test]
fn everything_wrong_is_told_at_once() {
    let mut nothing = LinkFields::default();
    nothing.put("email", "nobody");
    nothing.put("notification_url", "http://169.254.169.254/");
    nothing.put("return_url", "javascript:alert(1)");
    nothing.put_wrong("first_name");
    let faults = read_for(&caller(None), &nothing).err().expect("faults");
    let named: Vec<_> = faults.iter().map(|fault| fault.field).collect();
    assert_eq!(
        named,
        [
            "action",
            "provider",
            "amount",
            "reference_id",
            "return_url",
            "notification_url",
            "first_name",
            "email"
        ]
    );
}

#[test]
fn addresses_are_vetted() {
    let url = |text: &str| wish(&[("return_url", text)]).link.return_url.unwrap();
    // The documented service appends this page to a site's domain, and to nothing else.
    assert_eq!(
        url("https://shop.example.net"),
        "https://shop.example.net/conekta/conekta_order"
    );
    assert_eq!(
        url("https://shop.example.net/back?x=1"),
        "https://shop.example.net/back?x=1"
    );
    for text in [
        "javascript:alert(1)",
        "data:text/html,x",
        "shop",
        "https://a:b@shop.example.net/",
        "ftp://x.example/",
    ] {
        assert_eq!(
            faults(&[("return_url", text)]),
            [("return_url", Problem::BadUrl)],
            "{text}"
        );
    }
    for text in ["http://127.0.0.1/", "http://[::ffff:10.0.0.1]/", "http://2130706433/"] {
        let problem = Problem::ForbiddenUrl(Forbidden::Network);
        assert_eq!(
            faults(&[("notification_url", text)]),
            [("notification_url", problem)],
            "{text}"
        );
    }
    let kept = wish(&[("notification_url", "https://shop.example.net/hook?t=1#x")])
        .link
        .notification_url;
    assert_eq!(kept.as_deref(), Some("https://shop.example.net/hook?t=1"));
}

#[test]
fn texts_are_short_and_plain() {
    let long = "x".repeat(101);
    assert_eq!(
        faults(&[("reference_id", &long)]),
        [("reference_id", Problem::TooLong { most: 100 })]
    );
    assert_eq!(
        faults(&[("reference_id", "a\u{202e}b")]),
        [("reference_id", Problem::NotPlain)]
    );
    assert_eq!(faults(&[("email", "a b@c.de")]), [("email", Problem::BadEmail)]);
    assert_eq!(faults(&[("currency", "BTC")]), [("currency", Problem::UnknownCurrency)]);
    assert_eq!(faults(&[("action", "delete")]), [("action", Problem::UnknownAction)]);
}
