//! What may be sold through a portal's key, and by which account: decided without I/O.

use super::{CardWish, SaleError, Seller};
use crate::company::{Account, Company, Directory, Hotspot, Router};
use crate::money::Money;
use crate::plan::Plan;

/// A product that this portal may sell, with everything an order needs.
pub(super) struct Offered {
    pub company: Company,
    pub router: Router,
    pub hotspot: Hotspot,
    pub account: Account,
    pub plan: Plan,
}

/// Company and gateway first, then the product, then what the portal believes it costs (facts 5.2, 5.3).
pub(super) fn find(directory: &Directory, seller: &Seller, wish: &CardWish) -> Result<Offered, SaleError> {
    use secrecy::ExposeSecret;
    let company = directory.companies.get(&seller.company).ok_or(SaleError::NoProduct)?;
    let account = directory
        .portal_account(&seller.company, wish.gateway)
        .ok_or(SaleError::NoAccount(wish.gateway))?;
    let (_, plan) = directory.product(wish.product).ok_or(SaleError::NoProduct)?;
    let hotspot = directory.hotspots.get(&plan.hotspot).ok_or(SaleError::NoProduct)?;
    let router = directory.router_of(hotspot).ok_or(SaleError::NoProduct)?;
    if router.id != seller.router || router.company != seller.company || !directory.is_on_sale(plan) {
        return Err(SaleError::NoProduct);
    }
    // Its operator keeps this account from selling it.
    if !directory.may_sell(account, plan) {
        return Err(SaleError::NoAccount(wish.gateway));
    }
    if wish.token.expose_secret().trim().is_empty() {
        return Err(SaleError::NoToken);
    }
    if let Some(asked) = &wish.amount
        && !is_within_a_cent(asked, plan.price)
    {
        return Err(SaleError::Amount {
            asked: asked.clone(),
            price: plan.price,
        });
    }
    Ok(Offered {
        company: company.clone(),
        router: router.clone(),
        hotspot: hotspot.clone(),
        account: account.clone(),
        plan: plan.clone(),
    })
}

/// Whether a decimal number is the price, or a hundredth beside it (facts 5.2). What is no plain number never is.
fn is_within_a_cent(asked: &str, price: Money) -> bool {
    let Some(asked) = micros(asked.trim()) else {
        return false;
    };
    let scale = 10_i128.pow(6_u32.saturating_sub(price.currency().decimals()));
    let price = i128::from(price.minor()) * scale;
    asked >= 0 && (asked - price).abs() <= 10_000
}

/// Millionths of a plain decimal number; digits beyond are cut.
fn micros(text: &str) -> Option<i128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole = whole.strip_prefix('+').unwrap_or(whole);
    let (negative, whole) = whole.strip_prefix('-').map_or((false, whole), |whole| (true, whole));
    let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > LONGEST_NUMBER || !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let fraction: String = fraction.chars().chain("000000".chars()).take(6).collect();
    let value = whole.parse::<i128>().ok()? * 1_000_000 + fraction.parse::<i128>().ok()?;
    Some(if negative { -value } else { value })
}

/// More digits than any price has.
const LONGEST_NUMBER: usize = 15;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;

    #[test]
    fn p10_what_the_portal_believes_is_compared_and_never_charged() {
        let price = Money::parse_major("15.10", Currency::Mxn).unwrap();
        for near in [
            "15.1",
            "15.10",
            "15.11",
            "15.09",
            "15.095",
            "15.100000000000001",
            "15.0900000",
        ] {
            assert!(is_within_a_cent(near, price), "{near}");
        }
        for far in [
            "15.08", "15.12", "15", "1510", "0", "-15.10", "NaN", "nan", "inf", "1e1", "", ".", "15,10", "٣", "0x1",
        ] {
            assert!(!is_within_a_cent(far, price), "{far}");
        }
        let pesos = Money::from_minor(1_500, Currency::Clp);
        assert!(is_within_a_cent("1500", pesos) && is_within_a_cent("1500.00", pesos));
        assert!(!is_within_a_cent("1501", pesos));
        assert!(!is_within_a_cent(&"9".repeat(400), pesos));
    }
}
