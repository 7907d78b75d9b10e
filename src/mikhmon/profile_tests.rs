//! Scripts as they stand on routers, in our own words where the words do not matter.

use proptest::prelude::*;

use super::*;

/// The parts of a stock script that the reading looks at.
const STOCK: &str = concat!(
    r#":put (",remc,1000,30d,1200,,Disable,"); {:local date [ /system clock get date ];:local year [ :pick $date 7 11 ];"#,
    r#":local month [ :pick $date 0 3 ]; /sys sch add name="$user" interval="30d"; /system script add "#,
    r#"name="$date-|-$time-|-$user-|-1000-|-$address-|-$mac-|-30d-|-30-DAYS-|-$comment" owner="$month$year" comment="mikhmon"}"#,
);

fn stock() -> ProfileScript {
    ProfileScript::read(STOCK).unwrap()
}

#[test]
fn a_stock_script_is_read() {
    let validity = Validity {
        text: "30d".to_owned(),
        time: TimeLimit { seconds: 30 * 86_400 },
    };
    assert_eq!(
        stock(),
        ProfileScript {
            mode: ExpiryMode::RemoveRecord,
            price: Some("1000".to_owned()),
            validity: Some(validity),
            selling_price: Some("1200".to_owned()),
            no_expiry: false,
            lock: false,
            dates: ScriptDates::Old,
            writes_record: true,
        }
    );
}

/// mode, price, validity in seconds, selling price, marker, lock
type Read<'a> = (ExpiryMode, Option<&'a str>, Option<u64>, Option<&'a str>, bool, bool);

#[test]
fn the_list_is_read_in_all_its_spellings() {
    use ExpiryMode::{None as No, Notice, NoticeRecord, Remove, RemoveRecord};
    let cases: &[(&str, Read)] = &[
        (
            r#":put (",rem,500,1d,0,,Enable,");"#,
            (Remove, Some("500"), Some(86_400), None, false, true),
        ),
        (
            r#":put (",ntf,500,3h,700,,Disable,");"#,
            (Notice, Some("500"), Some(10_800), Some("700"), false, false),
        ),
        (
            r#":put (",ntfc,500,30m,,,Disable,")"#,
            (NoticeRecord, Some("500"), Some(1_800), None, false, false),
        ),
        (
            r#":put (",,2000,,,noexp,Enable,")"#,
            (No, Some("2000"), None, None, true, true),
        ),
        (
            r#":put (",0,2000,,,noexp,Disable,")"#,
            (No, Some("2000"), None, None, true, false),
        ),
        (r#":put (",,0,,,noexp,Disable,")"#, (No, None, None, None, true, false)),
        // White space, no colon, no parentheses, another case.
        (
            "  put   \t( \", REMC , 1000 , 1d ,1000, , enable ,\" )",
            (RemoveRecord, Some("1000"), Some(86_400), Some("1000"), false, true),
        ),
        (
            r#":put ",remc,1000,1d";"#,
            (RemoveRecord, Some("1000"), Some(86_400), None, false, false),
        ),
        // Missing fields, fields more, a validity that is none, cents.
        (r#":put (",remc")"#, (RemoveRecord, None, None, None, false, false)),
        (
            r#":put (",remc,0,default,0,,Disable,");"#,
            (RemoveRecord, None, None, None, false, false),
        ),
        (
            r#":put (",remc,12.50,2h,15.00,,Disable,Enable,"); :local mode "X";"#,
            (RemoveRecord, Some("12.50"), Some(7_200), Some("15.00"), false, false),
        ),
        // Something of the operator's own stands before it.
        (
            ":local a \"x,y\";\n# put, as before\n:put (\"hello, world\");\n:put (\",rem,100,1h,,,,\");",
            (Remove, Some("100"), Some(3_600), None, false, false),
        ),
        // As `/export` quotes and breaks it.
        (
            ":put (\\\",remc,20\\\r\n    00,2h,2000,,Disable,\\\"); {:local",
            (RemoveRecord, Some("2000"), Some(7_200), Some("2000"), false, false),
        ),
    ];
    for (script, (mode, price, validity, selling, no_expiry, lock)) in cases {
        let read = ProfileScript::read(script).unwrap_or_else(|| panic!("{script}"));
        assert_eq!(read.mode, *mode, "{script}");
        assert_eq!(read.price.as_deref(), *price, "{script}");
        assert_eq!(
            read.validity.map(|validity| validity.time.seconds),
            *validity,
            "{script}"
        );
        assert_eq!(read.selling_price.as_deref(), *selling, "{script}");
        assert_eq!((read.no_expiry, read.lock), (*no_expiry, *lock), "{script}");
    }
}

#[test]
fn what_is_not_mikhmons_is_nothing() {
    for script in [
        "",
        ":put",
        ":put (",
        ":put (\"",
        ":put (\",remc,1000",
        ":log info \"$user came\"",
        ":put (\"remc,1000,1d,1000,,Disable\")",
        ":put (\",hello,1000,1d\")",
        ":put (\",,\")",
        ":put (\",,free,,\")",
        "/ip hotspot user set [find name=$user] comment=\",remc,\"",
    ] {
        assert_eq!(ProfileScript::read(script), None, "{script}");
        assert!(!writes_record(script), "{script}");
    }
}

#[test]
fn records_are_known_by_mode_and_by_body() {
    for (script, expected) in [
        (r#":put (",remc,1000,1d,,,Disable,")"#, true),
        (r#":put (",ntfc,1000,1d,,,Disable,")"#, true),
        (r#":put (",rem,1000,1d,,,Disable,")"#, false),
        (r#":put (",ntf,1000,1d,,,Disable,")"#, false),
        (r#":put (",,1000,,,noexp,Disable,")"#, false),
        // Made by hand: the list says one thing, the body another.
        (
            r#":put (",rem,1000,1d,,,Disable,"); /system script add name=x comment=mikhmon"#,
            true,
        ),
        (r#"/system script add name=x comment = "mikhmon""#, true),
        ("/system script add name=x comment=\\\"mik\\\r\n    hmon\\\"", true),
    ] {
        assert_eq!(writes_record(script), expected, "{script}");
    }
}

#[test]
fn the_stock_script_is_blind_from_7_10_on_and_the_patched_ones_are_not() {
    let body = |put: &str, rest: &str| ProfileScript::read(&format!(":put (\"{put}\"); {rest}")).unwrap();
    let stock = body(",rem,1000,1d,,,Disable,", ":local year [ :pick $date 7 11 ];");
    let patched = body(
        ",remc,100,3h,,,Disable,",
        r#":if ([:pick $date 4 5] = "-") do={:set $date ($bln."/".$tgl."/".$tahun);};:local year [ :pick $date 7 11 ];"#,
    );
    let ros7 = body(
        ",ntf,1000,1d,,,Disable,",
        ":local year [ :pick $date 0 4 ];:local month [ :pick $date 5 7 ];",
    );
    let by_version = body(
        ",rem,1000,1d,,,Disable,",
        ":if ($v = 7) do={[:pick $date 0 4]} else={[:pick $date 7 11]}",
    );
    let bare = body(",rem,1000,1d,,,Disable,", "");
    let none = body(",,1000,,,noexp,Disable,", "");
    for (script, old, iso, unknown) in [
        (&stock, Expiry::Works, Expiry::Blind, Expiry::Unknown),
        (&patched, Expiry::Works, Expiry::Works, Expiry::Works),
        (&ros7, Expiry::Unknown, Expiry::Works, Expiry::Unknown),
        (&by_version, Expiry::Unknown, Expiry::Unknown, Expiry::Unknown),
        (&bare, Expiry::Unknown, Expiry::Unknown, Expiry::Unknown),
        (&none, Expiry::NotWanted, Expiry::NotWanted, Expiry::NotWanted),
    ] {
        for (version, expected) in [
            ("6.49.19 (long-term)", old),
            ("7.9.2", old),
            ("7.10", iso),
            ("7.21.4 (long-term)", iso),
            ("", unknown),
        ] {
            assert_eq!(script.expiry_on(version), expected, "{version} {script:?}");
        }
    }
}

#[test]
fn versions_are_read() {
    for (text, expected) in [
        ("6.49.19 (long-term)", Some(false)),
        ("7.1", Some(false)),
        ("7.9.2", Some(false)),
        ("7.10", Some(true)),
        ("7.10rc1", Some(true)),
        ("7.10beta5 (testing)", Some(true)),
        ("7.24", Some(true)),
        ("8.0", Some(true)),
        ("7", Some(false)),
        ("", None),
        ("v7.10", None),
        ("7.x", None),
        ("99999999999.1", None),
    ] {
        assert_eq!(prints_iso_dates(text), expected, "{text}");
    }
}

#[test]
fn a_long_script_is_cut_and_not_refused() {
    let long = format!("{STOCK}{}", "é".repeat(SCRIPT_MAX));
    assert_eq!(ProfileScript::read(&long), Some(stock()));
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,80}|(:?put|\\(|\"|,|remc|ntf|noexp|1d|100|\\\\|\r\n| |é){0,40}", version in "\\PC{0,12}|[0-9.]{0,8}") {
        if let Some(script) = ProfileScript::read(&text) {
            prop_assert!(script.validity.as_ref().is_none_or(|validity| !validity.time.is_none()));
            prop_assert!(script.mode != ExpiryMode::None || script.validity.is_none());
            let _ = script.expiry_on(&version);
        }
        let _ = prints_iso_dates(&version);
    }

    #[test]
    fn what_mikhmons_form_writes_is_read_back(
        mode in prop::sample::select(vec!["rem", "ntf", "remc", "ntfc"]),
        price in 0_u32..1_000_000, selling in 0_u32..1_000_000, hours in 1_u64..10_000, lock: bool,
    ) {
        let lock_text = if lock { "Enable" } else { "Disable" };
        let script = format!(":put (\",{mode},{price},{hours}h,{selling},,{lock_text},\"); {{:local date");
        let read = ProfileScript::read(&script).unwrap();
        prop_assert_eq!(read.mode.as_str(), mode);
        prop_assert_eq!(read.price, (price > 0).then(|| price.to_string()));
        prop_assert_eq!(read.selling_price, (selling > 0).then(|| selling.to_string()));
        prop_assert_eq!(read.validity.unwrap().time.seconds, hours * 3_600);
        prop_assert_eq!((read.lock, read.writes_record), (lock, mode.ends_with('c')));
    }
}
