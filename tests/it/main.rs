//! The integration tests: one binary, so that the crates are linked once.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::too_many_lines,
    clippy::unwrap_used,
    reason = "a test may stop at the first surprise"
)]

mod admin;
mod architecture;
mod card_api;
mod card_once;
mod card_sale;
mod card_support;
mod conekta;
mod crossed;
mod endpoints;
mod gateways;
mod hotspot_api;
mod http;
mod import_commands;
mod import_pages;
mod injection;
mod kit;
mod leaks;
mod ledger;
mod mercadopago;
mod office;
mod operator;
mod pagos;
mod payment;
mod portal;
mod process;
mod reconnect;
mod refunds;
mod retention;
mod router_check;
mod router_client;
mod router_sim;
mod sales;
mod serve_http;
mod serve_stops;
mod settings;
mod site;
mod store;
mod support;
mod telegram;
mod tenancy;
mod unplaced;
