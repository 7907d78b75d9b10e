//! A portal that sells by card token: a shop, its two products for cards, and somebody who presses the button.

use jiff::SignedDuration;
use mikrelay::card::CardRefusal;
use mikrelay::company::{GatewayName, Language};
use mikrelay::ids::{CompanyId, PlanId, RouterId};
use mikrelay::order::{Order, State};
use mikrelay::payment::portal::{CardWish, SaleError, Seller, Sold, Standing};
use mikrelay::sim::gateways::{SimGateway, SimStatus};
use mikrelay::sim::router::SimUser;
use mikrelay::store::OrderFilter;
use mikrelay::voucher::UserMode;
use secrecy::SecretString;

use crate::support::{IP, MAC, Shop, World};

pub const BOTH: [GatewayName; 2] = [GatewayName::Conekta, GatewayName::Mercadopago];

pub struct Portal {
    pub shop: Shop,
}

impl Portal {
    /// Its products cost 19.99 at Conekta and 15.10 at Mercado Pago.
    pub async fn open() -> Self {
        Self::edited(|site| site).await
    }

    pub async fn edited(edit: impl FnOnce(String) -> String) -> Self {
        let shop = Shop::edited(|_, site| edit(site.replace("price = \"15.00\"", "price = \"19.99\""))).await;
        Self { shop }
    }

    pub fn world(&self) -> &World {
        &self.shop.world
    }

    pub fn gateway(&self, name: GatewayName) -> &SimGateway {
        self.shop.gateway(name.as_str())
    }

    pub fn seller(&self) -> Seller {
        Seller {
            company: CompanyId::new("cafe"),
            router: RouterId::new("r1"),
        }
    }

    pub fn product(&self, gateway: GatewayName) -> i64 {
        product_number(&self.shop.world, &format!("by-{}", gateway.as_str()))
    }

    pub fn wish(&self, gateway: GatewayName, token: &str) -> CardWish {
        let is_conekta = gateway == GatewayName::Conekta;
        CardWish {
            gateway,
            product: self.product(gateway),
            token: SecretString::from(token),
            amount: (!is_conekta).then(|| "15.1".to_owned()),
            name: "Rosa Vega".to_owned(),
            email: "rosa@example.com".to_owned(),
            phone: None,
            identification: None,
            mode: UserMode::Up,
            mac: None,
            ip: None,
            auto_connect: false,
            installments: 1,
            method: (!is_conekta).then(|| "visa".to_owned()),
            issuer: None,
            device: None,
            language: Language::Es,
            idempotency_key: None,
        }
    }

    /// The same from a phone of the hotspot that wants to be logged in.
    pub fn phone_wish(&self, gateway: GatewayName, token: &str) -> CardWish {
        CardWish {
            mac: Some(MAC.to_owned()),
            ip: Some(IP.to_owned()),
            auto_connect: true,
            ..self.wish(gateway, token)
        }
    }

    /// Presses the button; jobs run meanwhile.
    pub async fn sell(&self, wish: CardWish) -> Result<Sold, SaleError> {
        let (relay, seller) = (self.world().relay.clone(), self.seller());
        let sale = tokio::spawn(async move { relay.sell(&seller, wish).await });
        while !sale.is_finished() {
            self.world().drain().await;
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        sale.await.unwrap()
    }

    pub async fn orders(&self) -> Vec<Order> {
        let all = self.world().relay.store().read(|db| db.orders(&OrderFilter::default()));
        all.await.unwrap()
    }

    pub async fn only_order(&self) -> Order {
        let mut orders = self.orders().await;
        assert_eq!(orders.len(), 1, "one sale");
        orders.remove(0)
    }

    /// The payments that the gateway has taken, of any order.
    pub fn charges(&self, gateway: GatewayName) -> usize {
        self.gateway(gateway).orders().len()
    }

    pub fn users(&self) -> Vec<SimUser> {
        self.world().users()
    }

    /// Nobody can use what was reserved, or nothing is left of it.
    pub async fn assert_no_access(&self) {
        assert!(
            self.users().iter().all(|user| user.disabled),
            "{:?}",
            self.users().len()
        );
        assert!(self.world().router.active().is_empty());
    }

    pub async fn minutes(&self, minutes: i64) {
        let mut left = minutes;
        while left > 0 {
            let step = left.min(STEP_MINUTES);
            self.world().later(SignedDuration::from_mins(step)).await;
            left -= step;
        }
    }

    /// The gateway decides, and says so.
    pub async fn tell(&self, gateway: GatewayName, order: &Order, status: SimStatus) {
        self.gateway(gateway)
            .tell(order.reference.as_str(), status)
            .await
            .unwrap();
        self.world().drain().await;
    }
}

/// The number of a plan's product.
pub fn product_number(world: &World, plan: &str) -> i64 {
    let directory = world.relay.store().directory();
    directory.products[&PlanId::new(plan)].number
}

pub fn assert_ready(sold: &Sold) -> (String, String) {
    assert_eq!(sold.standing, Standing::Ready, "{:?}", sold.card);
    assert_eq!(sold.order.state, State::Delivered);
    sold.credentials.clone().unwrap()
}

pub fn assert_refused(sold: &Sold, refusal: CardRefusal) {
    assert_eq!(sold.standing, Standing::Refused(refusal));
    assert!(sold.credentials.is_none());
}

/// Jobs are looked after so often while time passes.
const STEP_MINUTES: i64 = 4;
