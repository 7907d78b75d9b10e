//! The accounts of a business file: which keys each gateway takes, and in which mode.

use std::path::PathBuf;

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::pki_types::pem::PemObject;
use secrecy::{ExposeSecret, SecretString};

use super::keep::{OTHER_MODE, has_key_of_other_mode};
use super::raw::RawAccount;
use super::read::{Of, Reader};
use super::secret::{Given, Secret, keep};
use crate::company::{Account, AccountKeys, CallbackHeader, Company, ConektaMethod, GatewayName, Mode, RefundPolicy};
use crate::ids::{AccountId, CompanyId};

impl Reader<'_> {
    pub(super) fn account(&mut self, raw: RawAccount, companies: &[Company]) -> Option<Account> {
        let id = raw.id.clone();
        let of = Of("account", &id);
        let company = CompanyId::new(&*raw.company);
        if !companies.iter().any(|known| known.id == company) {
            self.flaw(of, format!("there is no company `{company}`"));
        }
        let gateway = GatewayName::from_text(&raw.gateway);
        let gateway = self.sound(
            of,
            gateway.ok_or("`gateway` is one of `fedapay`, `cinetpay`, `feexpay`, `conekta`, `mercadopago`"),
        )?;
        if let Some(url) = &raw.base_url
            && url::Url::parse(url).map_or(true, |url| !matches!(url.scheme(), "http" | "https"))
        {
            self.flaw(of, "`base_url` is an address such as `http://127.0.0.1:9001`");
        }
        let (mode, base_url) = (raw.mode.unwrap_or(Mode::Live), raw.base_url.clone());
        let refunds = RefundPolicy {
            undelivered_after_h: raw.refund_undelivered_after_h,
            paid_twice: raw.refund_paid_twice.unwrap_or_default(),
        };
        self.refuse(
            of,
            &[
                ("methods", raw.methods.is_some() && gateway != GatewayName::Conekta),
                (
                    "checkout",
                    raw.checkout.is_some() && gateway != GatewayName::Mercadopago,
                ),
            ],
        );
        let keys = match gateway {
            GatewayName::Fedapay => self.fedapay(of, raw)?,
            GatewayName::Cinetpay => self.cinetpay(of, raw)?,
            GatewayName::Feexpay => self.feexpay(of, raw)?,
            GatewayName::Conekta => self.conekta(of, raw)?,
            GatewayName::Mercadopago => self.mercadopago(of, raw)?,
        };
        if has_key_of_other_mode(&keys, mode) {
            self.flaw(of, OTHER_MODE);
        }
        Some(Account {
            id: AccountId::new(&*id),
            company,
            mode,
            base_url,
            keys,
            refunds,
        })
    }

    fn fedapay(&mut self, of: Of<'_>, raw: RawAccount) -> Option<AccountKeys> {
        let public_key = self.public_key(of, &raw);
        self.refuse(
            of,
            &[("site_id", raw.site_id.is_some()), ("token", raw.token.is_some())],
        );
        let given = Given {
            direct: raw.secret_key,
            file: raw.secret_key_file,
            env: raw.secret_key_env,
        };
        let secret_key = match self.sound(of, given.fetch("secret_key", self.folder))? {
            Secret::Value(value) => Some(value),
            Secret::Keep => Some(keep()),
            Secret::Absent => None,
        };
        let webhook_secrets = self.webhook_secrets(
            of,
            raw.webhook_secrets,
            raw.webhook_secrets_file,
            raw.webhook_secrets_env,
        )?;
        Some(AccountKeys::Fedapay {
            public_key,
            secret_key,
            webhook_secrets,
        })
    }

    fn cinetpay(&mut self, of: Of<'_>, raw: RawAccount) -> Option<AccountKeys> {
        self.refuse(
            of,
            &[("secret_key", raw.secret_key.is_some()), ("token", raw.token.is_some())],
        );
        let given = Given {
            direct: raw.api_key,
            file: raw.api_key_file,
            env: raw.api_key_env,
        };
        let api_key = self.sound(of, given.fetch("api_key", self.folder))?;
        let given = Given {
            direct: raw.api_password,
            file: raw.api_password_file,
            env: raw.api_password_env,
        };
        let api_password = self.sound(of, given.fetch("api_password", self.folder))?;
        match (raw.site_id.filter(|id| !id.is_empty()), api_password) {
            (Some(site_id), Secret::Absent) => {
                let webhook_secrets = self.webhook_secrets(
                    of,
                    raw.webhook_secrets,
                    raw.webhook_secrets_file,
                    raw.webhook_secrets_env,
                )?;
                let api_key = self.wanted(of, "api_key", api_key)?;
                Some(AccountKeys::CinetpayV2 {
                    site_id,
                    api_key,
                    webhook_secrets,
                })
            }
            (None, api_password @ (Secret::Value(_) | Secret::Keep)) => {
                let api_key = self.wanted(of, "api_key", api_key)?;
                let api_password = self.wanted(of, "api_password", api_password)?;
                Some(AccountKeys::CinetpayV1 { api_key, api_password })
            }
            _ => {
                self.flaw(
                    of,
                    "give `site_id` and `api_key` (legacy API) or `api_key` and `api_password` (API v1)",
                );
                None
            }
        }
    }

    fn feexpay(&mut self, of: Of<'_>, raw: RawAccount) -> Option<AccountKeys> {
        self.refuse(
            of,
            &[
                ("secret_key", raw.secret_key.is_some()),
                ("api_key", raw.api_key.is_some()),
            ],
        );
        let given = Given {
            direct: raw.token,
            file: raw.token_file,
            env: raw.token_env,
        };
        let token = self.sound(of, given.fetch("token", self.folder))?;
        let given = Given {
            direct: raw.callback_header,
            file: raw.callback_header_file,
            env: raw.callback_header_env,
        };
        let callback_header = match self.sound(of, given.fetch("callback_header", self.folder))? {
            Secret::Value(text) => Some(self.sound(of, read_header(&text))?),
            Secret::Keep => Some(CallbackHeader {
                name: String::new(),
                value: keep(),
            }),
            Secret::Absent => None,
        };
        let token = self.wanted(of, "token", token)?;
        let shop = raw
            .site_id
            .filter(|id| !id.is_empty())
            .ok_or("`site_id` is the shop's id");
        let shop = self.sound(of, shop)?;
        Some(AccountKeys::Feexpay {
            shop,
            token,
            callback_header,
        })
    }

    /// The private key, and the PEM public keys that webhooks are signed with.
    fn conekta(&mut self, of: Of<'_>, raw: RawAccount) -> Option<AccountKeys> {
        let methods = raw.methods.clone().unwrap_or_else(|| ConektaMethod::ALL.to_vec());
        if methods.is_empty() {
            self.flaw(
                of,
                "`methods` is empty; leave it out or name `card`, `cash` or `bank_transfer`",
            );
        }
        let public_key = self.public_key(of, &raw);
        let (private_key, lines) = self.card_keys(of, raw)?;
        let text: Vec<_> = lines.iter().map(ExposeSecret::expose_secret).collect();
        let webhook_keys = self.sound(of, read_pems(&text.join("\n")))?;
        Some(AccountKeys::Conekta {
            private_key,
            public_key,
            webhook_keys,
            methods,
        })
    }

    fn mercadopago(&mut self, of: Of<'_>, raw: RawAccount) -> Option<AccountKeys> {
        let checkout = raw.checkout.unwrap_or_default();
        let public_key = self.public_key(of, &raw);
        let (access_token, webhook_secrets) = self.card_keys(of, raw)?;
        Some(AccountKeys::Mercadopago {
            access_token,
            public_key,
            webhook_secrets,
            checkout,
        })
    }

    /// `secret_key` and `webhook_secrets`, which both card gateways have and nothing else.
    fn card_keys(&mut self, of: Of<'_>, raw: RawAccount) -> Option<(SecretString, Vec<SecretString>)> {
        self.refuse(
            of,
            &[
                ("site_id", raw.site_id.is_some()),
                ("api_key", raw.api_key.is_some()),
                ("token", raw.token.is_some()),
            ],
        );
        let given = Given {
            direct: raw.secret_key,
            file: raw.secret_key_file,
            env: raw.secret_key_env,
        };
        let secret_key = self.sound(of, given.fetch("secret_key", self.folder))?;
        let secret_key = self.wanted(of, "secret_key", secret_key)?;
        let hooks = self.webhook_secrets(
            of,
            raw.webhook_secrets,
            raw.webhook_secrets_file,
            raw.webhook_secrets_env,
        )?;
        Some((secret_key, hooks))
    }

    fn public_key(&mut self, of: Of<'_>, raw: &RawAccount) -> Option<String> {
        if raw.public_key.as_deref() == Some("") {
            self.flaw(of, "`public_key` is empty; leave it out or write the real value");
        }
        raw.public_key.clone()
    }

    /// A list in place, or in a file or a variable one secret a line.
    fn webhook_secrets(
        &mut self,
        of: Of<'_>,
        direct: Option<Vec<SecretString>>,
        file: Option<PathBuf>,
        env: Option<String>,
    ) -> Option<Vec<SecretString>> {
        let name = "webhook_secrets";
        if direct.is_some() && (file.is_some() || env.is_some()) {
            self.flaw(
                of,
                format!("give `{name}` in one way: `{name}`, `{name}_file` or `{name}_env`"),
            );
            return None;
        }
        let Some(list) = direct else {
            return match self.sound(
                of,
                Given {
                    direct: None,
                    file,
                    env,
                }
                .fetch(name, self.folder),
            )? {
                Secret::Value(text) => {
                    let lines = text
                        .expose_secret()
                        .lines()
                        .map(str::trim)
                        .filter(|line| !line.is_empty());
                    Some(lines.map(SecretString::from).collect())
                }
                Secret::Keep => Some(vec![keep()]),
                Secret::Absent => Some(Vec::new()),
            };
        };
        let fetch = |secret| match (Given {
            direct: Some(secret),
            ..Given::default()
        })
        .fetch(name, self.folder)?
        {
            Secret::Value(value) => Ok(value),
            Secret::Keep | Secret::Absent => Ok(keep()),
        };
        let list: Result<Vec<_>, String> = list.into_iter().map(fetch).collect();
        self.sound(of, list)
    }

    /// A secret the account cannot do without; a kept one is filled in from the store.
    fn wanted(&mut self, of: Of<'_>, name: &str, secret: Secret) -> Option<SecretString> {
        match secret {
            Secret::Value(value) => Some(value),
            Secret::Keep => Some(keep()),
            Secret::Absent => {
                self.flaw(of, format!("`{name}` is missing"));
                None
            }
        }
    }

    fn refuse(&mut self, of: Of<'_>, present: &[(&str, bool)]) {
        for (name, _) in present.iter().filter(|(_, present)| *present) {
            self.flaw(of, format!("`{name}` does not belong to this gateway"));
        }
    }
}

/// PEM blocks, one after the other.
fn read_pems(text: &str) -> Result<Vec<String>, &'static str> {
    let wrong =
        "each of Conekta's `webhook_secrets` is an RSA public key in PEM: `-----BEGIN PUBLIC KEY-----` and so on";
    let blocks: Vec<_> = text.split_inclusive(PEM_END).map(str::trim).collect();
    let blocks = blocks.into_iter().filter(|block| !block.is_empty());
    blocks
        .map(
            |block| match SubjectPublicKeyInfoDer::from_pem_slice(block.as_bytes()) {
                Ok(key) if is_rsa(&key) => Ok(block.to_owned()),
                _ => Err(wrong),
            },
        )
        .collect()
}

/// Another kind of key would be taken now and refuse every webhook later.
fn is_rsa(key: &SubjectPublicKeyInfoDer<'_>) -> bool {
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.as_ref())
        .parse()
        .is_ok()
}

/// `Name: value`, as the FeexPay dashboard is told.
fn read_header(text: &SecretString) -> Result<CallbackHeader, &'static str> {
    let wrong = "`callback_header` is written `Name: value`";
    let (name, value) = text.expose_secret().split_once(':').ok_or(wrong)?;
    let (name, value) = (name.trim(), value.trim());
    if value.is_empty() || http::HeaderName::from_bytes(name.as_bytes()).is_err() {
        return Err(wrong);
    }
    Ok(CallbackHeader {
        name: name.to_owned(),
        value: SecretString::from(value),
    })
}

const PEM_END: &str = "-----END PUBLIC KEY-----";
