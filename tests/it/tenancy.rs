//! Tenancy: every operation of the table is tried with every other tenant's ids and with every role. The table itself is
//! walked, so an operation that comes later is tried too.

use std::num::NonZeroU32;

use governor::Quota;
use mikrelay::api::input::{Field, Place};
use mikrelay::api::operation::{Auth, Body, Operation, all};
use mikrelay::api::shape::Schemas;
use mikrelay::sim::gateways::mercadopago_signature;
use mikrelay::web;
use mikrelay::web::limits::Limit;
use serde_json::{Map, Value, json};

use crate::http::Reply;
use crate::office::{Office, PASSWORD, PNG, Tenant};
use crate::portal::json_of;

/// Somebody who asks, and as what.
struct Asker<'a> {
    name: &'static str,
    token: &'a str,
    kind: Option<Auth>,
}

#[tokio::test]
async fn no_operation_shows_or_changes_what_belongs_to_another_tenant() {
    let office = Office::with(without_limits).await;
    let (own, mut other) = (office.tenant("propia").await, office.tenant("ajena").await);
    // Notifications of another's payment, signed with a secret that is good for one's own.
    other.hook.clone_from(&own.hook);
    let other = other;
    let askers = [
        Asker {
            name: "another company's administrator",
            token: &own.session,
            kind: Some(Auth::Client),
        },
        Asker {
            name: "another company's portal",
            token: &own.key,
            kind: Some(Auth::Key),
        },
        Asker {
            name: "the operator",
            token: &office.operator,
            kind: Some(Auth::Super),
        },
        Asker {
            name: "somebody with a broken session",
            token: "ms_broken",
            kind: None,
        },
        Asker {
            name: "nobody",
            token: "",
            kind: None,
        },
    ];
    let before = rows_of(&office, &other.company);
    assert!(
        before.len() > 10 && before.iter().any(|row| row.starts_with("orders")),
        "{before:?}"
    );
    // What ends sessions comes last, or everything after it would be refused for the wrong reason.
    let mut operations: Vec<_> = all().collect();
    operations.sort_by_key(|operation| operation.path.ends_with("/logout"));
    for operation in operations {
        if operation.path.ends_with("/logout") {
            for (token, path) in [
                (&own.session, "/api/v1/admin/mi-empresa"),
                (&own.key, "/api/v1/config/public"),
                (&office.operator, "/admin/empresas"),
            ] {
                office.done(token, "GET", path, Value::Null).await;
            }
        }
        for asker in &askers {
            let is_his = asker.kind == Some(operation.auth) || (operation.auth == Auth::Session && is_person(asker));
            if operation.auth == Auth::Super && is_his {
                // The operator may act for every company: for him, ids that do not belong together are the trap.
                continue;
            }
            let reply = ask(&office, operation, asker.token, &other, &other).await;
            let told = format!(
                "{} {} by {}: {} {}",
                operation.verb.as_str(),
                operation.path,
                asker.name,
                reply.status,
                reply.body
            );
            assert!(reply.status != 500 && reply.status != 429, "{told}");
            if operation.auth != Auth::Open && !is_his {
                assert!(matches!(reply.status, 401 | 403), "{told}");
            }
            assert!(!reply.body.contains("ajena") || operation.auth == Auth::Open, "{told}");
            if operation.auth == Auth::Open && reply.body.contains("ajena") {
                assert!(reply.status >= 400, "{told}");
            }
            assert_eq!(rows_of(&office, &other.company), before, "{told}");
        }
    }
}

/// The company of one tenant with the router, the key and the product of another.
#[tokio::test]
async fn not_even_the_operator_reaches_a_router_through_another_company() {
    let office = Office::with(without_limits).await;
    let (own, other) = (office.tenant("propia").await, office.tenant("ajena").await);
    let before = [rows_of(&office, &own.company), rows_of(&office, &other.company)];
    let mut tried = 0;
    let crossed = |operation: &&Operation| operation.auth == Auth::Super && operation.path.contains("{router_id}");
    for operation in all().filter(crossed) {
        for (company, rest) in [(&own, &other), (&other, &own)] {
            let reply = ask(&office, operation, &office.operator, company, rest).await;
            assert_eq!(
                reply.status,
                404,
                "{} {}: {}",
                operation.verb.as_str(),
                operation.path,
                reply.body
            );
            tried += 1;
        }
    }
    assert!(tried >= 14, "{tried}");
    assert_eq!(
        [rows_of(&office, &own.company), rows_of(&office, &other.company)],
        before
    );
}

/// The same requests work for whom they belong to: so what was refused above was refused for its tenant.
#[tokio::test]
async fn the_same_requests_work_for_their_own_tenant() {
    let office = Office::with(without_limits).await;
    let mut own = office.tenant("propia").await;
    office.open_for_sale(&own).await;
    own.password = PASSWORD;
    let mut operations: Vec<_> = all().collect();
    operations.sort_by_key(|operation| turn_of(operation));
    let mut worked = 0;
    for operation in operations {
        let token = match operation.auth {
            Auth::Open => "",
            Auth::Key => &own.key,
            Auth::Super => &office.operator,
            Auth::Client | Auth::Session => &own.session,
        };
        let reply = office.while_jobs_run(ask(&office, operation, token, &own, &own)).await;
        let told = format!(
            "{} {}: {} {}",
            operation.verb.as_str(),
            operation.path,
            reply.status,
            reply.body
        );
        assert!(!matches!(reply.status, 401 | 403 | 404 | 500..), "{told}");
        worked += usize::from(reply.status < 300);
        if operation.path.ends_with("/pagar-mercado-pago") {
            assert_eq!(reply.status, 200, "{told}");
            own.payment = json_of(&reply)["id_transaccion"].as_str().unwrap().to_owned();
        }
        if [
            "/estado-pago/{payment_id}",
            "/mikrotik-profiles",
            "/pagar-conekta",
            "/webhook/mercado-pago",
            "/auth/login",
        ]
        .iter()
        .any(|end| operation.path.ends_with(end))
        {
            assert_eq!(reply.status, 200, "{told}");
        }
    }
    assert!(worked > 40, "{worked}");
}

/// When an operation is tried: what needs the router and the gateways before what changes their keys, and what ends
/// things after everything that needs them.
fn turn_of(operation: &Operation) -> usize {
    let turns: [&[&str]; 8] = [
        &["/pagar-conekta", "/pagar-mercado-pago"],
        &[
            "/estado-pago/{payment_id}",
            "/mikrotik-profiles",
            "/test-connection",
            "/webhook",
            "/webhook/mercado-pago",
        ],
        &["/regenerate-api-key", "/revoke", "/routers/{router_id}/toggle-activo"],
        &["/products/{producto_id}"],
        &["/routers/{router_id}"],
        &["/auth/login", "/auth/change-password"],
        &["/auth/logout"],
        &["/usuarios/{usuario_id}/toggle-activo"],
    ];
    let is_delete = operation.verb.as_str() == "DELETE";
    let at = turns.iter().enumerate().find(|(at, ends)| {
        let is_last_word = matches!(at, 3 | 4);
        (is_delete || !is_last_word) && ends.iter().any(|end| operation.path.ends_with(end))
    });
    // What is not named comes between what needs keys and what ends them.
    match at {
        Some((at @ (0 | 1), _)) => at,
        Some((at, _)) => at + 1,
        None => 2,
    }
}

async fn ask(office: &Office, operation: &'static Operation, token: &str, company: &Tenant, rest: &Tenant) -> Reply {
    let mut path = operation.path.to_owned();
    for name in operation.path_names() {
        let value = id_of(name, company, rest).unwrap_or_else(|| panic!("teach this test what `{name}` is"));
        path = path.replace(&format!("{{{name}}}"), text(&value).trim_matches('"'));
    }
    let query: Vec<_> = operation
        .fields
        .iter()
        .filter(|field| field.place == Place::Query)
        .filter_map(|field| {
            Some(format!(
                "{}={}",
                field.name,
                text(&id_of(field.name, company, rest)?).trim_matches('"')
            ))
        })
        .collect();
    if !query.is_empty() {
        path = format!("{path}?{}", query.join("&"));
    }
    let bearer = format!("Bearer {token}");
    let mut headers = vec![("Content-Type", "application/json")];
    if !token.is_empty() {
        headers.push(("Authorization", &bearer));
    }
    let signature;
    let body = match operation.body {
        Body::Upload { .. } => {
            headers[0] = ("Content-Type", "multipart/form-data; boundary=xyz");
            let mut form = b"--xyz\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n".to_vec();
            form.extend_from_slice(PNG);
            form.extend_from_slice(b"\r\n--xyz--\r\n");
            form
        }
        Body::Raw => {
            let hook = mercadopago_signature(&rest.hook, &rest.payment, "r-1", "1704908010");
            signature = hook;
            headers.push(("x-signature", &signature));
            headers.push(("x-request-id", "r-1"));
            json!({"type": "payment", "data": {"id": rest.payment}})
                .to_string()
                .into_bytes()
        }
        Body::Fields => {
            let fields = operation.fields.iter().filter(|field| field.place == Place::Body);
            let members: Map<_, _> = fields
                .map(|field| (field.shown_name().to_owned(), value_of(field, company, rest)))
                .collect();
            if members.is_empty() {
                Vec::new()
            } else {
                Value::Object(members).to_string().into_bytes()
            }
        }
    };
    office.ask(operation.verb.as_str(), &path, &headers, &body).await
}

/// An id by the name of its field.
fn id_of(name: &str, company: &Tenant, rest: &Tenant) -> Option<Value> {
    Some(match name {
        "empresa_id" => json!(company.company),
        "router_id" => json!(rest.router),
        "key_id" => json!(rest.key_id),
        "producto_id" | "product_id" => json!(rest.product),
        "usuario_id" => json!(rest.user),
        "external_reference" => json!(rest.order.to_string()),
        "payment_id" => json!(rest.payment),
        _ => return None,
    })
}

/// Something that fits the field: ids of the tenant, and otherwise what its schema wants.
fn value_of(field: &Field, company: &Tenant, rest: &Tenant) -> Value {
    if let Some(id) = id_of(field.name, company, rest) {
        return id;
    }
    match field.name {
        "email" => return json!(rest.email),
        "host" => return json!("203.0.114.9"),
        "imagen_url" => return json!("https://example.com/a.png"),
        "moneda" => return json!("MXN"),
        "tls_sha256" => return json!("00".repeat(32)),
        "new_password" => return json!("otra frase bien larga"),
        "perfil_mikrotik_id" => return json!("*9"),
        "rol" => return json!("cliente_admin"),
        "password" | "current_password" => return json!(rest.password),
        "card_token" => return json!("tok_ok"),
        "token" => return json!("tok_ok-2"),
        "payment_method_id" => return json!("visa"),
        "transaction_amount" => return json!(35.5),
        "installments" => return json!(1),
        "payer" => return Value::Null,
        _ => {}
    }
    let schema = (field.schema)(&mut Schemas::default());
    fitting(&schema)
}

fn fitting(schema: &Value) -> Value {
    if let Some(first) = schema["anyOf"].get(0) {
        return fitting(first);
    }
    if let Some(word) = schema["enum"].get(0) {
        return word.clone();
    }
    if schema["format"] == "email" {
        return json!("ana@example.com");
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str());
    match kind {
        Some("integer" | "number") => json!(8728),
        Some("boolean") => json!(true),
        Some("array") => json!([]),
        Some("object") => json!({}),
        _ => json!("texto"),
    }
}

/// Every row of a company, whole: sealed columns differ whenever they are written.
fn rows_of(office: &Office, company: &str) -> Vec<String> {
    let database = office.database();
    let sql = "SELECT m.name, EXISTS (SELECT 1 FROM pragma_table_info(m.name) WHERE name = 'company') \
               FROM sqlite_schema m WHERE type = 'table' ORDER BY name";
    let mut statement = database.prepare(sql).unwrap();
    let tables = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, bool>(1)?)));
    let tables: Vec<_> = tables.unwrap().map(Result::unwrap).collect();
    let mut rows = Vec::new();
    for (table, has_company) in tables {
        // Who asked how often is no business of the company's.
        if (!has_company && table != "company") || table == "session" {
            continue;
        }
        let column = if has_company { "company" } else { "id" };
        let mut statement = database
            .prepare(&format!("SELECT * FROM {table} WHERE {column} = ?1"))
            .unwrap();
        let columns = statement.column_count();
        let mut found = statement.query([company]).unwrap();
        while let Some(row) = found.next().unwrap() {
            let values: Vec<_> = (0..columns)
                .map(|at| format!("{:?}", row.get_ref(at).unwrap()))
                .collect();
            rows.push(format!("{table}: {}", values.join(", ")));
        }
    }
    rows
}

fn is_person(asker: &Asker<'_>) -> bool {
    matches!(asker.kind, Some(Auth::Client | Auth::Super))
}

fn text(value: &Value) -> String {
    value.to_string()
}

/// This test asks more often than people do.
fn without_limits(app: &mut web::App) {
    let many = || Quota::per_second(NonZeroU32::MAX);
    app.limits.refused_key = Limit::new(many());
    app.limits.console = Limit::new(many());
    app.limits.login = Limit::new(many());
    app.limits.password = Limit::new(many());
    app.limits.device = (Limit::new(many()), Limit::new(many()));
    app.limits.sale = (Limit::new(many()), Limit::new(many()));
}
