//! `mikrelay kit walled-garden`: prints the script, and nothing else, so that it can be piped to a router.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use clap::Subcommand;

use super::fault::hinted;
use super::load;
use crate::company::GatewayName;
use crate::kit::walled_garden_script;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// A script that lets unpaid phones reach the relay and the gateways
    WalledGarden {
        /// Gateways in use: fedapay, cinetpay, feexpay; comma-separated or repeated
        #[arg(long, value_delimiter = ',', required = true)]
        gateway: Vec<String>,
        /// The relay's host name; from `public_url` when absent
        #[arg(long)]
        host: Option<String>,
    },
}

impl Command {
    pub fn run(self, config: Option<&Path>, out: &mut dyn Write) -> Result<()> {
        let Self::WalledGarden { gateway, host } = self;
        let host = host.map_or_else(|| load(config).map(|config| config.public_host()), Ok)?;
        walled_garden(&gateway, &host, out)
    }
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
