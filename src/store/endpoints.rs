//! Where companies' own webhooks go.

use jiff::Timestamp;

use super::columns::{Columns, ms};
use super::{Db, StoreError};
use crate::hook::{Endpoint, EventKind, Signer};
use crate::ids::{CompanyId, EndpointId, RouterId};

impl Db<'_> {
    pub fn add_endpoint(&self, endpoint: &Endpoint) -> Result<(), StoreError> {
        let sql = "INSERT INTO hook_endpoint (id, company, url_sealed, events, created_at) VALUES (?1, ?2, ?3, ?4, ?5)";
        let values = (
            endpoint.id.as_str(),
            endpoint.company.as_str(),
            self.seal(&context(&endpoint.id), endpoint.url.as_bytes()),
            events_text(&endpoint.events),
            ms(endpoint.created_at),
        );
        self.run(sql, values)?;
        Ok(())
    }

    pub fn endpoint(&self, id: &EndpointId) -> Result<Option<Endpoint>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM hook_endpoint WHERE id = ?1");
        self.one(&sql, [id.as_str()], |columns| self.read_endpoint(columns))
    }

    /// A company's endpoints, or all, oldest first.
    pub fn endpoints(&self, company: Option<&CompanyId>) -> Result<Vec<Endpoint>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM hook_endpoint WHERE ?1 IS NULL OR company = ?1 ORDER BY company, created_at, id"
        );
        self.all(&sql, [company.map(CompanyId::as_str)], |columns| {
            self.read_endpoint(columns)
        })
    }

    /// The company's endpoints that want this event.
    pub fn endpoints_for(&self, company: &CompanyId, kind: EventKind) -> Result<Vec<Endpoint>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM hook_endpoint WHERE company = ?1 AND gone_at IS NULL ORDER BY created_at, id"
        );
        let mut endpoints = self.all(&sql, [company.as_str()], |columns| self.read_endpoint(columns))?;
        endpoints.retain(|endpoint| endpoint.events.contains(&kind));
        Ok(endpoints)
    }

    /// Changes which events an endpoint gets, and lets one that was gone hear again. `false` if there is none.
    pub fn set_endpoint_events(&self, id: &EndpointId, events: &[EventKind]) -> Result<bool, StoreError> {
        let sql = "UPDATE hook_endpoint SET events = ?2, gone_at = NULL WHERE id = ?1";
        Ok(self.run(sql, (id.as_str(), events_text(events)))? > 0)
    }

    /// The endpoint wants no more.
    pub fn mark_endpoint_gone(&self, id: &EndpointId, at: Timestamp) -> Result<(), StoreError> {
        self.run(
            "UPDATE hook_endpoint SET gone_at = ?2 WHERE id = ?1",
            (id.as_str(), ms(at)),
        )?;
        Ok(())
    }

    /// Takes an endpoint and its secrets away; what still waited for it is not sent any more. `false` if there is none.
    pub fn remove_endpoint(&self, id: &EndpointId) -> Result<bool, StoreError> {
        let signer = Signer::endpoint(id);
        self.run("DELETE FROM hook_secret WHERE signer = ?1", [signer.as_str()])?;
        let sql = "UPDATE hook SET state = 'gone', state_at = ?2 WHERE signer = ?1 AND state = 'waiting'";
        self.run(sql, (signer.as_str(), ms(self.now())))?;
        Ok(self.run("DELETE FROM hook_endpoint WHERE id = ?1", [id.as_str()])? > 0)
    }

    /// Since when a router's absence is known and told.
    pub fn router_offline_since(&self, router: &RouterId) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT since FROM router_offline WHERE router = ?1";
        self.one(sql, [router.as_str()], |columns| {
            columns.time("time of a router's absence")
        })
    }

    /// Keeps that a router is offline, or with `None` that it is back.
    pub fn set_router_offline(&self, router: &RouterId, since: Option<Timestamp>) -> Result<(), StoreError> {
        match since {
            Some(since) => self.run(
                "INSERT INTO router_offline (router, company, since) SELECT id, company, ?2 FROM router WHERE id = ?1 \
                 ON CONFLICT (router) DO NOTHING",
                (router.as_str(), ms(since)),
            )?,
            None => self.run("DELETE FROM router_offline WHERE router = ?1", [router.as_str()])?,
        };
        Ok(())
    }

    fn read_endpoint(&self, columns: &mut Columns<'_, '_>) -> Result<Endpoint, StoreError> {
        let id = EndpointId::new(columns.next::<String>()?);
        let company = CompanyId::new(columns.next::<String>()?);
        let sealed: Vec<u8> = columns.next()?;
        let url = String::from_utf8(self.unseal(&context(&id), &sealed)?);
        let url = url.map_err(|_| StoreError::unreadable("endpoint", "not UTF-8"))?;
        let events: Vec<String> = serde_json::from_str(&columns.next::<String>()?)
            .map_err(|error| StoreError::unreadable("events of an endpoint", error.to_string()))?;
        Ok(Endpoint {
            id,
            company,
            url,
            // What a later version knew is not told by this one.
            events: events.iter().filter_map(|text| EventKind::from_text(text)).collect(),
            created_at: columns.time("time of an endpoint")?,
            gone_at: columns.optional_time("end of an endpoint")?,
        })
    }
}

fn events_text(events: &[EventKind]) -> String {
    let names: Vec<_> = events.iter().map(|kind| kind.as_str()).collect();
    serde_json::Value::from(names).to_string()
}

fn context(id: &EndpointId) -> String {
    format!("hook_endpoint.url:{id}")
}

const COLUMNS: &str = "id, company, url_sealed, events, created_at, gone_at";
