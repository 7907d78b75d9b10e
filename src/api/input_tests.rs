use super::*;
use crate::api::kinds::{Amount, Email, Lenient, Sent};

crate::api::kinds::words! { enum Sort { Pair = "usuario_contrasena", Pin = "pin" } }

input! {
    struct Pay {
        body product_id / "producto_id": i64,
        body name / "nombre": String,
        body email: Email,
        body phone / "telefono": Option<String>,
        body auto / "conexion": bool = false,
        body monto: Option<Amount>,
        body sort / "tipo": Lenient<Sort> = Lenient(Sort::Pair),
        body note: Sent<String>,
        body payer: Option<Map<String, Value>>,
        query limit: i64 = 50,
        path router: String,
        header idempotency_key / "Idempotency-Key": Option<String>,
    }
}

fn read_with(query: &str, body: &str, headers: &[(&'static str, &'static str)]) -> Result<Pay, Value> {
    let mut map = HeaderMap::new();
    map.insert(CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    for (name, value) in headers {
        map.insert(*name, http::HeaderValue::from_static(value));
    }
    let path = [("router", "RTR_1".to_owned())];
    let mut reading = Reading::new(Pay::FIELDS, &path, Some(query), &map, body.as_bytes());
    let pay = Pay::read(&mut reading);
    match (pay, reading.faults()) {
        (Some(pay), None) => Ok(pay),
        (_, faults) => Err(faults_json(faults.unwrap(), Language::Es)),
    }
}

fn read(body: &str) -> Result<Pay, Value> {
    read_with("", body, &[])
}

/// The types and places of the faults.
fn faults(body: &str) -> Vec<(String, Value)> {
    let told = read(body).err().unwrap();
    let list = told["detail"].as_array().unwrap();
    let one = |fault: &Value| (fault["type"].as_str().unwrap().to_owned(), fault["loc"].clone());
    list.iter().map(one).collect()
}

const WHOLE: &str = r#"{"producto_id": 3, "nombre": "Rosa", "email": "rosa@example.com"}"#;

#[test]
fn defaults_stand_for_what_is_absent() {
    let pay = read(WHOLE).unwrap();
    assert_eq!((pay.product_id, pay.name.as_str(), pay.limit), (3, "Rosa", 50));
    assert_eq!((pay.phone, pay.auto, pay.monto), (None, false, None));
    assert_eq!(
        (pay.sort, pay.note, pay.payer),
        (Lenient(Sort::Pair), Sent::Absent, None)
    );
    assert_eq!((pay.router.as_str(), pay.idempotency_key), ("RTR_1", None));
    assert_eq!(pay.email, Email("rosa@example.com".to_owned()));
}

#[test]
fn both_names_are_taken_and_the_documented_one_wins() {
    let pay = read(r#"{"product_id": 3, "name": "a", "nombre": "b", "email": "a@b.mx", "unknown": [1]}"#).unwrap();
    assert_eq!((pay.product_id, pay.name.as_str()), (3, "b"));
    let headers = [("idempotency-key", "k-1")];
    let pay = read_with("limit=7&limit=8", WHOLE, &headers).unwrap();
    assert_eq!((pay.limit, pay.idempotency_key.as_deref()), (8, Some("k-1")));
}

#[test]
fn values_are_read_as_lax_as_documented() {
    let with = |more: &str| read(&WHOLE.replace('}', &format!(",{more}}}"))).unwrap();
    for seven in ["\"7\"", "7.0", "\" +7 \"", "\"7.0\"", "7e0"] {
        assert_eq!(
            with(&format!("\"product_id\":1,\"producto_id\":{seven}")).product_id,
            7,
            "{seven}"
        );
    }
    for (sent, expected) in [
        ("1", true),
        ("\"yes\"", true),
        ("\"ON\"", true),
        ("0", false),
        ("\"off\"", false),
    ] {
        assert_eq!(with(&format!("\"conexion\":{sent}")).auto, expected, "{sent}");
    }
    for (sent, expected) in [
        ("15", "15"),
        ("14.98", "14.98"),
        ("\"15.00\"", "15.00"),
        ("1.5e1", "15.0"),
    ] {
        assert_eq!(
            with(&format!("\"monto\":{sent}")).monto,
            Some(Amount(expected.to_owned())),
            "{sent}"
        );
    }
    for (sent, expected) in [("null", Sort::Pair), ("\"\"", Sort::Pair), ("\"pin\"", Sort::Pin)] {
        assert_eq!(with(&format!("\"tipo\":{sent}")).sort, Lenient(expected), "{sent}");
    }
    assert_eq!(with("\"note\":null").note, Sent::Null);
    assert_eq!(with("\"note\":\"x\"").note, Sent::Value("x".to_owned()));
    assert_eq!(with("\"telefono\":null").phone, None);
    assert_eq!(with("\"payer\":{\"a\":1}").payer.unwrap()["a"], 1);
}

#[test]
fn all_faults_are_told_at_once_where_they_are() {
    let body = r#"{"email": "x@localhost", "name": 7, "telefono": 55, "conexion": "perhaps", "tipo": "mago",
                   "monto": "NaN", "payer": []}"#;
    assert_eq!(
        faults(body),
        [
            ("missing".to_owned(), json!(["body", "producto_id"])),
            ("string_type".to_owned(), json!(["body", "name"])),
            ("value_error".to_owned(), json!(["body", "email"])),
            ("string_type".to_owned(), json!(["body", "telefono"])),
            ("bool_parsing".to_owned(), json!(["body", "conexion"])),
            ("finite_number".to_owned(), json!(["body", "monto"])),
            ("literal_error".to_owned(), json!(["body", "tipo"])),
            ("dict_type".to_owned(), json!(["body", "payer"])),
        ]
    );
    let told = read_with("limit=many", "{}", &[]).err().unwrap();
    assert_eq!(told["detail"].as_array().unwrap().len(), 4, "{told}");
    assert!(told["detail"][3]["loc"] == json!(["query", "limit"]), "{told}");
}

#[test]
fn o6_numbers_beyond_every_column_are_a_fault_and_no_crash() {
    for (sent, kind) in [
        ("99999999999999999999", "int_from_float"),
        ("9223372036854775808", "int_parsing_size"),
        ("\"99999999999999999999\"", "int_parsing_size"),
        ("1e300", "int_parsing_size"),
        ("1.5", "int_from_float"),
        ("\"1.5\"", "int_parsing"),
        ("\"\"", "int_parsing"),
        ("\"٣\"", "int_parsing"),
        ("true", "int_type"),
        ("null", "int_type"),
        ("[1]", "int_type"),
    ] {
        let found = faults(&WHOLE.replace("3", sent));
        let kind = if sent == "99999999999999999999" {
            "int_parsing_size"
        } else {
            kind
        };
        assert_eq!(found, [(kind.to_owned(), json!(["body", "producto_id"]))], "{sent}");
    }
    assert_eq!(
        read(&WHOLE.replace("3", "9223372036854775807")).unwrap().product_id,
        i64::MAX
    );
}

#[test]
fn bodies_that_are_none_are_told_apart() {
    let whole = |headers: &[(&'static str, &'static str)], body: &str| {
        let told = read_with("", body, headers).err().unwrap();
        let first = &told["detail"][0];
        (first["type"].as_str().unwrap().to_owned(), first["loc"].clone())
    };
    assert_eq!(whole(&[], ""), ("missing".to_owned(), json!(["body"])));
    assert_eq!(
        whole(&[], "{\"a\":1,\n \"b\" 2}"),
        ("json_invalid".to_owned(), json!(["body", 13]))
    );
    assert_eq!(whole(&[], "[]"), ("model_attributes_type".to_owned(), json!(["body"])));
    assert_eq!(whole(&[], "NaN").0, "json_invalid");
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(whole(&[], &deep).0, "json_invalid");
    for other in ["text/plain", "application/x-www-form-urlencoded", "text/json"] {
        assert_eq!(
            whole(&[("content-type", other)], WHOLE).0,
            "model_attributes_type",
            "{other}"
        );
    }
    for json in [
        "application/json; charset=utf-8",
        "application/problem+json",
        "APPLICATION/JSON",
    ] {
        assert!(read_with("", WHOLE, &[("content-type", json)]).is_ok(), "{json}");
    }
}

#[test]
fn what_was_sent_comes_back_short_and_without_texts_of_others() {
    let told = read(r#"{"nombre": "Rosa", "card": "tok_secret", "n": 1}"#)
        .err()
        .unwrap();
    assert_eq!(told["detail"][0]["input"], json!({"nombre": "…", "card": "…", "n": 1}));
    let long = WHOLE.replace("3", &format!("\"{}\"", "9x".repeat(500)));
    let told = read(&long).err().unwrap();
    assert_eq!(told["detail"][0]["input"].as_str().unwrap().len(), MOST_SHOWN_CHARS);
}
