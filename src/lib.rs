//! mikrelay: a payment relay for MikroTik hotspots. `ARCHITECTURE.md` tells the way of a payment.

// The same library is checked without `cfg(test)` too, so nothing of this reaches production code.
#![cfg_attr(
    test,
    allow(
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
    )
)]

pub mod api_key;
pub mod audit;
pub mod by_kind;
pub mod card;
pub mod clock;
pub mod company;
pub mod destination;
pub mod event;
pub mod hook;
pub mod html;
pub mod ids;
pub mod job;
pub mod language;
pub mod ledger;
pub mod message;
pub mod mik_params;
pub mod mikhmon;
pub mod money;
pub mod order;
pub mod packed;
pub mod phone;
pub mod plan;
pub mod reason;
pub mod refund;
pub mod router_watch;
pub mod shown;
pub mod sorted;
pub mod telegram;
pub mod user;
pub mod voucher;

pub mod acme;
pub mod gateway;
pub mod http_client;
pub mod logging;
pub mod notify;
pub mod routeros;
pub mod secrets;
pub mod store;
pub mod tls;

pub mod admin;
pub mod jobs;
pub mod payment;

pub mod api;
pub mod pages;
pub mod web;

pub mod app;
pub mod cli;
pub mod config;
pub mod doctor;
pub mod import;
pub mod kit;
pub mod sim;
pub mod site;
