//! Random lives of one order against a model of the gateway and a simulated router: webhooks, polls, refunds,
//! chargebacks, lost answers, refusals, repeats, and a crash after any step. The store, the steps and the router's
//! protocol are the real ones; only the gateway's sockets are left out.

use std::sync::atomic::{AtomicU32, Ordering};

use proptest::prelude::*;
use proptest::test_runner::{Config as Cases, TestRunner};

use super::*;
use crate::clock::Clock;
use crate::company::{
    AccountKeys, Company, Hotspot, Language, LinkPolicy, MercadopagoCheckout, Mode, RefundPolicy, Router,
    RouterCredentials, RouterTls,
};
use crate::http_client::HttpClient;
use crate::http_client::guard::Guard;
use crate::http_client::outgoing::Outgoing;
use crate::ids::{AccountId, CompanyId, HotspotId, OrderRef, RouterId};
use crate::job::{Lane, Task};
use crate::money::Currency;
use crate::notify::mail::{Mailer, MemoryMailbox};
use crate::order::{Buyer, Online, PlanSnapshot, State};
use crate::payment::settle::{self, Source};
use crate::payment::{Parts, provision};
use crate::plan::{DataLimit, TimeLimit};
use crate::refund::{RefundReason, Wisher};
use crate::routeros::Deadlines;
use crate::secrets::{MasterKey, random_order_token};
use crate::sim::router::{CutAt, SimRouter, SimRouterConfig};
use crate::store::Store;
use crate::voucher::VoucherStyle;

/// What happens next.
#[derive(Clone, Copy, Debug)]
enum Act {
    /// The buyer pays, once or a second time.
    Pay(Payment),
    /// A webhook or a poll about a payment, whatever the gateway says of it by now.
    Hear(Payment),
    /// An old webhook that says paid, of an account that cannot be asked.
    HearPaid(Payment),
    HearFailed,
    /// Somebody gives it back in the dashboard.
    RefundElsewhere(Payment),
    ChargeBack(Payment),
    /// For the order's own payment, or for one that he names.
    WishOfOperator(Option<Payment>),
    WishOfPolicy,
    TakeBack,
    GivenBackByHand,
    /// The router's lane runs a job, and the process may die before it is recorded.
    Router {
        dies: bool,
    },
    /// The same, and if it makes a user, the answer is lost.
    RouterAnswerLost,
    /// The refunds' lane runs a job.
    Refund(Answer),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Payment {
    First,
    Second,
}

/// How the gateway answers a request for a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Done,
    Pending,
    Refused,
    /// It takes effect, and the answer is lost.
    LostAfter,
    /// It does not even arrive.
    LostBefore,
    /// It takes effect, and the process dies before that is written down.
    DiesAfter,
    /// The process dies before it asks.
    DiesBefore,
}

/// What the gateway knows of one payment.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    paid: bool,
    /// How often its money was sent back through the API. Nothing here is idempotent: twice would be twice.
    sent_back: u32,
    back_elsewhere: bool,
    charged_back: bool,
    /// A refund that runs.
    running: bool,
    refused: bool,
}

impl Known {
    fn status(self) -> PaymentStatus {
        match self {
            Self { charged_back: true, .. } => PaymentStatus::ChargedBack,
            Self {
                back_elsewhere: true, ..
            } => PaymentStatus::Refunded,
            Self {
                sent_back: 1..,
                running: false,
                ..
            } => PaymentStatus::Refunded,
            Self { paid: true, .. } => PaymentStatus::Paid,
            _ => PaymentStatus::Pending,
        }
    }

    fn has_money(self) -> bool {
        self.status() == PaymentStatus::Paid && !self.running
    }
}

struct World {
    relay: Relay,
    router: SimRouter,
    number: AtomicU32,
    _folder: tempfile::TempDir,
}

/// One order's life.
struct Life<'w> {
    world: &'w World,
    order: OrderRef,
    first: Known,
    second: Known,
    /// The relay heard of a payment that had its money then.
    was_paid: bool,
    /// The payments of which the gateway said to the relay that they went back.
    gone: Vec<String>,
    /// What was wrong in the middle of a step.
    wrong: Option<String>,
}

impl World {
    async fn new() -> Self {
        let config = SimRouterConfig {
            password: "relay-pass".to_owned(),
            profiles: vec!["1H".to_owned()],
            ..SimRouterConfig::default()
        };
        let router = SimRouter::start(config).await.unwrap();
        let memory = std::path::Path::new("/dev/shm");
        let folder = if memory.is_dir() {
            tempfile::tempdir_in(memory).unwrap()
        } else {
            tempfile::tempdir().unwrap()
        };
        let (key, clock) = (
            MasterKey::generate(),
            Clock::manual("2026-11-02T12:00:00Z".parse().unwrap()),
        );
        let store = Store::open(&folder.path().join("mikrelay.db"), key.clone(), clock.clone()).unwrap();
        let address = router.addr().to_string();
        store.write_now(move |db| put_business(db, address)).unwrap();
        store.refresh_directory().await.unwrap();
        let relay = Relay::new(Parts {
            store,
            http: HttpClient::new(),
            outgoing: Outgoing::new(Guard::new(Vec::new(), Vec::new())),
            mailer: Mailer::Memory(MemoryMailbox::default()),
            clock,
            key,
            public_url: "https://pay.example.net".parse().unwrap(),
            telegram_url: crate::telegram::TELEGRAM_URL.parse().unwrap(),
            deadlines: Deadlines::default(),
            token_secrets: vec!["1".to_owned()],
        });
        Self {
            relay,
            router,
            number: AtomicU32::new(0),
            _folder: folder,
        }
    }

    async fn order(&self) -> Life<'_> {
        let reference = OrderRef::new(format!("R{:013}", self.number.fetch_add(1, Ordering::Relaxed)));
        let order = new_order(reference.clone(), self.relay.now());
        self.relay
            .store()
            .write(move |db| db.insert_order(&order))
            .await
            .unwrap();
        self.router.forget_users();
        let life = Life {
            world: self,
            order: reference,
            first: Known::default(),
            second: Known::default(),
            was_paid: false,
            gone: Vec::new(),
            wrong: None,
        };
        // A life that failed leaves jobs behind.
        for lane in [Lane::Router(RouterId::new("r1")), Lane::Refunds(AccountId::new("mp"))] {
            while let Some(job) = life.claim(lane.clone()).await {
                life.conclude(job, Outcome::Done).await;
            }
        }
        life
    }
}

impl Life<'_> {
    async fn act(&mut self, act: Act) {
        match act {
            Act::Pay(payment) => {
                let known = self.known(payment);
                known.paid = true;
            }
            Act::Hear(payment) => self.hear(payment, self.status(payment)).await,
            Act::HearPaid(payment) if self.known(payment).paid => self.hear(payment, PaymentStatus::Paid).await,
            Act::HearPaid(_) => {}
            Act::HearFailed => self.hear(Payment::First, PaymentStatus::Failed { reason: None }).await,
            Act::RefundElsewhere(payment) => {
                let known = self.known(payment);
                known.back_elsewhere |= known.has_money() && known.sent_back == 0;
            }
            Act::ChargeBack(payment) => {
                let known = self.known(payment);
                known.charged_back |= known.has_money();
            }
            Act::WishOfOperator(payment) => self.wish(payment).await,
            Act::WishOfPolicy => {
                let order = self.order.clone();
                let wish = move |change: &mut Change<'_>| wish::wish_of_policy(change, &order);
                self.world.relay.change(wish).await.unwrap();
            }
            Act::TakeBack => self.take_back().await,
            Act::GivenBackByHand => self.given_back_by_hand().await,
            Act::Router { dies } => drop(self.work_for_router(dies).await),
            Act::RouterAnswerLost => {
                let router = &self.world.router;
                router.cut_at_add(1, CutAt::AfterExecuting);
                self.work_for_router(false).await;
                router.spare_adds();
            }
            Act::Refund(answer) => drop(self.work_for_refund(answer).await),
        }
    }

    fn known(&mut self, payment: Payment) -> &mut Known {
        match payment {
            Payment::First => &mut self.first,
            Payment::Second => &mut self.second,
        }
    }

    fn status(&self, payment: Payment) -> PaymentStatus {
        match payment {
            Payment::First => self.first.status(),
            Payment::Second => self.second.status(),
        }
    }

    fn id(&self, payment: Payment) -> String {
        let number = if payment == Payment::First { 1 } else { 2 };
        format!(
            "{}{number}",
            self.order.as_str().trim_start_matches(['R', '0']).to_owned() + "7"
        )
    }

    async fn hear(&mut self, payment: Payment, status: PaymentStatus) {
        self.was_paid |= status == PaymentStatus::Paid && self.known(payment).has_money();
        if matches!(status, PaymentStatus::Refunded | PaymentStatus::ChargedBack) {
            self.gone.push(self.id(payment));
        }
        let report = Report {
            amount: Some(price()),
            mode: Some(Mode::Live),
            gateway_id: Some(self.id(payment)),
            ..Report::of(status)
        };
        settle::apply(&self.world.relay, self.order.clone(), report, Source::Question)
            .await
            .unwrap();
    }

    async fn wish(&self, payment: Option<Payment>) {
        let (reference, named) = (self.order.clone(), payment.map(|payment| self.id(payment)));
        let write = move |db: &Db<'_>| {
            let mut order = db.order(&reference)?.unwrap();
            if let Ok(plan) = wish::plan(db, &db.load_directory()?, &order, named.as_deref())? {
                wish::wish_of_operator(db, &mut order, &plan, RefundReason::RequestedByClient)?;
            }
            Ok(())
        };
        self.world.relay.store().write(write).await.unwrap();
    }

    /// What `order retry` does with an order whose refund was wished.
    async fn take_back(&mut self) {
        let reference = self.order.clone();
        // He may deliver what is held, whatever became of its money.
        self.gone.clear();
        let write = move |db: &Db<'_>| {
            let mut order = db.order(&reference)?.unwrap();
            if order.state == State::Refunding {
                wish::take_back(db, &mut order)?;
            }
            Change::alone(db, |change| change.advance(&mut order, Fact::Released, "released"))
        };
        self.world.relay.store().write(write).await.unwrap();
    }

    async fn given_back_by_hand(&mut self) {
        let reference = self.order.clone();
        let write = move |db: &Db<'_>| {
            let mut order = db.order(&reference)?.unwrap();
            let plan = wish::plan_by_hand(db, &db.load_directory()?, &order, None)?;
            let Ok(plan) = plan else { return Ok(None) };
            wish::given_back_by_hand(db, &mut order, &plan)?;
            Ok(Some(plan.payment.gateway_id))
        };
        let done = self.world.relay.store().write(write).await.unwrap();
        if let Some(id) = done {
            // The operator tells the truth: he did it in the dashboard.
            let is_first = id == self.id(Payment::First);
            let known = self.known(if is_first { Payment::First } else { Payment::Second });
            known.back_elsewhere |= known.has_money();
        }
    }

    async fn claim(&self, lane: Lane) -> Option<Job> {
        let claim = move |db: &Db<'_>| {
            db.release_leases()?;
            db.claim_jobs(
                &lane,
                db.now() + SignedDuration::from_hours(3),
                SignedDuration::from_mins(5),
                1,
            )
        };
        self.world.relay.store().write(claim).await.unwrap().pop()
    }

    async fn conclude(&self, job: Job, outcome: Outcome) {
        let write = move |db: &Db<'_>| match outcome {
            Outcome::Done => db.finish_job(job.id),
            _ => db.postpone_job(job.id, db.now(), "later"),
        };
        self.world.relay.store().write(write).await.unwrap();
    }

    /// Says whether there was something to do.
    async fn work_for_router(&self, dies: bool) -> bool {
        let Some(job) = self.claim(Lane::Router(RouterId::new("r1"))).await else {
            return false;
        };
        let relay = &self.world.relay;
        let outcome = match &job.task {
            Task::Provision(order) => provision::provision(relay, order).await.unwrap(),
            Task::Disable(order) => provision::disable(relay, order).await.unwrap(),
            _ => Outcome::Done,
        };
        if !dies {
            self.conclude(job, outcome).await;
        }
        true
    }

    /// `refund::run` with the model in place of the sockets.
    async fn work_for_refund(&mut self, answer: Answer) -> bool {
        let Some(job) = self.claim(Lane::Refunds(AccountId::new("mp"))).await else {
            return false;
        };
        let Task::Refund(id) = job.task else { panic!("{job:?}") };
        let relay = self.world.relay.clone();
        let (refund, order) = relay.store().read(move |db| load(db, id)).await.unwrap().unwrap();
        if !is_open(&order, &refund) {
            self.conclude(job, Outcome::Done).await;
            return true;
        }
        let first_id = self.id(Payment::First);
        let payment = if refund.payment.gateway_id == first_id {
            Payment::First
        } else {
            Payment::Second
        };
        let known = self.known(payment);
        if known.running && answer == Answer::Done {
            known.running = false;
        }
        let report = Report {
            amount: Some(price()),
            gateway_id: Some(refund.payment.gateway_id.clone()),
            ..Report::of(known.status())
        };
        let amount = match next(&refund, &report) {
            Next::Ask(amount) => amount,
            Next::Wait(after, why) => {
                self.conclude(job, later(after, why)).await;
                return true;
            }
            end => {
                let outcome = end_by(&relay, id, end).await.unwrap();
                self.conclude(job, outcome).await;
                return true;
            }
        };
        let Some(request) = begin_try(&relay, id, amount).await.unwrap() else {
            self.conclude(job, Outcome::Done).await;
            return true;
        };
        assert_eq!(
            (request.amount, &request.gateway_id),
            (price(), &refund.payment.gateway_id)
        );
        if answer != Answer::DiesBefore {
            self.check_call(&order, &refund);
        }
        let known = self.known(payment);
        let lost = || Err(GatewayError::Transient("lost".to_owned()));
        let told = match answer {
            Answer::DiesBefore => return true,
            Answer::LostBefore => lost(),
            // What runs is told again and not begun again: that much the adapters promise.
            _ if known.running => Ok(RefundState::Pending),
            Answer::Refused => {
                known.refused = true;
                Ok(RefundState::Refused("balance too low".to_owned()))
            }
            Answer::Done | Answer::Pending | Answer::LostAfter | Answer::DiesAfter => {
                known.sent_back += 1;
                known.running = answer == Answer::Pending;
                match answer {
                    Answer::Done => Ok(RefundState::Done),
                    Answer::Pending => Ok(RefundState::Pending),
                    Answer::DiesAfter => return true,
                    _ => lost(),
                }
            }
        };
        let outcome = record(&relay, id, &job, told).await.unwrap();
        self.conclude(job, outcome).await;
        true
    }

    /// Before the gateway hears it: what is taken back by itself is not in use. The operator alone may hurry.
    fn check_call(&mut self, order: &Order, refund: &Refund) {
        let buys = order.gateway_id.as_ref() == Some(&refund.payment.gateway_id);
        if refund.wisher == Wisher::Policy && buys && self.live() > 0 {
            self.wrong = Some(format!("the money is asked back before the user is gone: {refund:?}"));
        }
    }

    fn live(&self) -> usize {
        self.world.router.users().iter().filter(|user| !user.disabled).count()
    }

    /// What holds after each step, whatever else is still to do.
    async fn check_step(&self, act: Act) -> Result<(), TestCaseError> {
        let reference = self.order.clone();
        let read = move |db: &Db<'_>| {
            let refunds = db.refunds_of_order(&reference)?;
            Ok((db.order(&reference)?.unwrap(), db.jobs_of_order(&reference)?, refunds))
        };
        let (order, jobs, refunds) = self.world.relay.store().read(read).await.unwrap();
        let live = self.live();
        let told = format!(
            "after {act:?}: {:?} live {live} first {:?} second {:?} {jobs:?} {refunds:?}",
            order.state, self.first, self.second
        );
        prop_assert!(self.wrong.is_none(), "{:?} {}", self.wrong, told);
        prop_assert!(live <= 1, "{}", told);
        prop_assert!(
            self.first.sent_back <= 1 && self.second.sent_back <= 1,
            "sent back twice {}",
            told
        );
        if self.was_paid {
            prop_assert!(!order.state.awaits_money(), "paid and forgotten {}", told);
        } else {
            prop_assert!(
                order.state != State::Refunded || order.paid_at.is_some(),
                "ended by money that never counted {}",
                told
            );
        }
        let is_sold = order.state.wants_user() || order.state.shows_voucher();
        let is_gone = order.gateway_id.as_ref().is_some_and(|id| self.gone.contains(id));
        prop_assert!(!(is_sold && is_gone), "sold for money that went back {}", told);
        for refund in refunds.iter().filter(|_| order.paid_at.is_some()) {
            let buys = order.gateway_id.as_ref() == Some(&refund.payment.gateway_id);
            prop_assert_eq!(refund.is_extra, !buys, "{:?} {}", refund, told);
        }
        let to_do = |kind: &str| jobs.iter().any(|job| job.task.kind() == kind);
        if order.state.wants_user() {
            prop_assert!(to_do("provision"), "nobody makes the user {}", told);
        }
        if order.state.forbids_user() && live > 0 {
            prop_assert!(to_do("disable"), "nobody takes the user away {}", told);
        }
        Ok(())
    }

    /// The faults are over: everything runs to its end, and the gateway is heard once more.
    async fn come_to_rest(&mut self, acts: &[Act]) -> Result<(), TestCaseError> {
        let mut payments = [Payment::First, Payment::Second];
        // Either may be heard of first.
        if self.world.number.load(Ordering::Relaxed).is_multiple_of(2) {
            payments.reverse();
        }
        for payment in payments {
            self.hear(payment, self.status(payment)).await;
        }
        for _ in 0..60 {
            let (router, refund) = (
                self.work_for_router(false).await,
                self.work_for_refund(Answer::Done).await,
            );
            if !router && !refund {
                return Ok(());
            }
        }
        Err(TestCaseError::fail(format!("the jobs have no end after {acts:?}")))
    }

    async fn check(&self, acts: &[Act]) -> Result<(), TestCaseError> {
        let reference = self.order.clone();
        let (order, refunds) = self
            .world
            .relay
            .store()
            .read(move |db| Ok((db.order(&reference)?.unwrap(), db.refunds_of_order(&reference)?)))
            .await
            .unwrap();
        let live = self.live();
        let told = format!(
            "{} {:?} live {live} {:?} first {:?} second {:?}\n{refunds:?}\n{acts:?}",
            order.reference,
            order.state,
            self.world.router.users(),
            self.first,
            self.second
        );
        let first_buys = order.gateway_id.as_deref() == Some(&self.id(Payment::First));
        let second_buys = order.gateway_id.as_deref() == Some(&self.id(Payment::Second));
        for (known, buys) in [(self.first, first_buys), (self.second, second_buys)] {
            prop_assert!(known.sent_back == 0 || known.paid, "{}", told);
            // Money that is here bought a user that works, or the gateway would not take it back and the operator knows.
            let bought = buys && order.state == State::Provisioned && live == 1;
            prop_assert!(!known.has_money() || bought || known.refused, "lost: {}", told);
            if buys && order.state == State::Provisioned {
                prop_assert!(known.has_money(), "not taken away: {}", told);
            }
        }
        match order.state {
            State::Provisioned => prop_assert!(live == 1 && (first_buys || second_buys), "{}", told),
            state => {
                prop_assert_eq!(live, 0, "given away: {}", told);
                let may_rest = matches!(state, State::Held | State::Refunded) || state.awaits_money();
                prop_assert!(may_rest, "left undone: {}", told);
            }
        }
        if self.was_paid && order.state == State::Held {
            prop_assert!(self.first.refused || self.second.refused, "{}", told);
        }
        prop_assert!(refunds.iter().all(|refund| refund.standing.is_final()), "{}", told);
        Ok(())
    }
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let payment = || prop_oneof![2 => Just(Payment::First), 1 => Just(Payment::Second)];
    let answer = prop::sample::select(vec![
        Answer::Done,
        Answer::Done,
        Answer::Pending,
        Answer::Refused,
        Answer::LostAfter,
        Answer::LostBefore,
        Answer::DiesAfter,
        Answer::DiesBefore,
    ]);
    let act = prop_oneof![
        3 => payment().prop_map(Act::Pay),
        4 => payment().prop_map(Act::Hear),
        1 => payment().prop_map(Act::HearPaid),
        1 => Just(Act::HearFailed),
        1 => payment().prop_map(Act::RefundElsewhere),
        1 => payment().prop_map(Act::ChargeBack),
        2 => prop::option::weighted(0.3, payment()).prop_map(Act::WishOfOperator),
        2 => Just(Act::WishOfPolicy),
        1 => Just(Act::TakeBack),
        1 => Just(Act::GivenBackByHand),
        4 => any::<bool>().prop_map(|dies| Act::Router { dies }),
        1 => Just(Act::RouterAnswerLost),
        4 => answer.prop_map(Act::Refund),
    ];
    (beginnings(), prop::collection::vec(act, 1..16)).prop_map(|(beginning, acts)| [beginning, acts].concat())
}

/// How lives begin: without one of these, most are dull.
fn beginnings() -> impl Strategy<Value = Vec<Act>> {
    use Payment::{First, Second};
    let paid = [Act::Pay(First), Act::Hear(First)];
    // A payment that is over before the relay heard that it was paid, or whose word of it comes late or again.
    let gone = |back: Act| vec![Act::Pay(Second), back, Act::Hear(Second)];
    let late = [&gone(Act::RefundElsewhere(Second))[..], &[Act::HearPaid(Second)]].concat();
    let doubled = vec![
        Act::Pay(First),
        Act::Pay(Second),
        Act::RefundElsewhere(Second),
        Act::Hear(Second),
    ];
    // The router makes the user, and the answer is lost.
    let unsure = [&paid[..], &[Act::RouterAnswerLost]].concat();
    // The payment went back before anybody was shown a code, whatever the router has of it.
    let anew = [&unsure[..], &[Act::RefundElsewhere(First), Act::Hear(First)]].concat();
    // The payment that failed is the one that the order knows.
    let known = vec![
        Act::HearFailed,
        Act::Pay(First),
        Act::RefundElsewhere(First),
        Act::Hear(First),
    ];
    prop_oneof![
        4 => Just(paid.to_vec()),
        1 => Just([&[Act::HearFailed][..], &paid].concat()),
        2 => Just(unsure),
        1 => Just(gone(Act::RefundElsewhere(Second))),
        1 => Just(gone(Act::ChargeBack(Second))),
        1 => Just(late),
        1 => Just(doubled),
        1 => Just(known),
        1 => Just(anew),
        1 => Just(Vec::new()),
    ]
}

#[test]
fn whatever_happens_an_order_is_delivered_or_given_back_once() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let world = runtime.block_on(World::new());
    let asked = ["REFUND_CASES", "PROPTEST_CASES"].map(|name| std::env::var(name).ok());
    let cases = asked.into_iter().flatten().find_map(|text| text.parse().ok());
    let cases = cases.unwrap_or(CASES);
    let mut runner = TestRunner::new(Cases {
        cases,
        failure_persistence: None,
        ..Cases::default()
    });
    let result = runner.run(&acts(), |acts| runtime.block_on(live_through(&world, &acts)));
    if let Err(error) = result {
        panic!("{error}");
    }
}

/// Lives that chance finds too seldom.
#[tokio::test]
async fn lives_that_went_wrong_once_come_to_a_good_end() {
    use Payment::{First, Second};
    let world = World::new().await;
    let sold_unsure = [Act::Pay(First), Act::Hear(First), Act::RouterAnswerLost];
    let both_paid = [Act::Pay(First), Act::Hear(First), Act::Pay(Second), Act::Hear(Second)];
    let refused = [Act::WishOfOperator(None), Act::Refund(Answer::Refused)];
    let gone = [Act::RefundElsewhere(First), Act::Hear(First)];
    let second = [Act::Pay(Second), Act::Hear(Second)];
    let lives = [
        // Another payment buys what the refunded one did not, on a user that was made and not shown: before it was
        // disabled, and after.
        [&sold_unsure[..], &gone, &second].concat(),
        [&sold_unsure[..], &gone, &[Act::Router { dies: false }; 2], &second].concat(),
        // And goes back in its turn; no old word of either buys anything.
        [
            &sold_unsure[..],
            &gone,
            &second,
            &[Act::HearPaid(First), Act::RefundElsewhere(Second), Act::Hear(Second)],
            &[Act::HearPaid(First), Act::HearPaid(Second)],
        ]
        .concat(),
        // The user that nobody was told of stays disabled while the operator decides.
        [&sold_unsure[..], &refused].concat(),
        // The policy waits for the router.
        [&sold_unsure[..], &[Act::WishOfPolicy, Act::Refund(Answer::Done)]].concat(),
        // A second payment that is going back does not buy what the first one did not.
        [
            &both_paid[..],
            &[Act::WishOfOperator(None), Act::Refund(Answer::LostBefore)],
            &refused[1..],
            &[
                Act::Hear(Second),
                Act::Router { dies: false },
                Act::Refund(Answer::Done),
            ],
        ]
        .concat(),
        // What was refused for the first payment is not the order's own any more when another one pays.
        [
            &[Act::Pay(First), Act::Hear(First)],
            &refused[..],
            &[
                Act::Pay(Second),
                Act::Hear(Second),
                Act::RefundElsewhere(First),
                Act::Hear(First),
            ],
        ]
        .concat(),
        [
            &[Act::Pay(First), Act::Hear(First)],
            &refused[..],
            &[Act::Pay(Second), Act::Hear(Second), Act::GivenBackByHand],
        ]
        .concat(),
        // Back before it was heard of, and called paid by an old webhook.
        vec![
            Act::Pay(Second),
            Act::RefundElsewhere(Second),
            Act::Hear(Second),
            Act::HearPaid(Second),
            Act::Pay(First),
            Act::Hear(First),
        ],
        vec![
            Act::Pay(Second),
            Act::ChargeBack(Second),
            Act::Hear(Second),
            Act::HearPaid(Second),
            Act::Hear(Second),
            Act::Pay(First),
            Act::Hear(First),
        ],
        // Called paid again after the bank took it back: held, and released by the operator.
        vec![
            Act::Pay(Second),
            Act::ChargeBack(Second),
            Act::Hear(Second),
            Act::HearPaid(Second),
            Act::TakeBack,
        ],
        // And charged back once more before the operator comes.
        vec![
            Act::Pay(Second),
            Act::ChargeBack(Second),
            Act::Hear(Second),
            Act::HearPaid(Second),
            Act::Hear(Second),
            Act::TakeBack,
        ],
        // The same after the order was paid: not given back twice.
        vec![
            Act::Pay(First),
            Act::Hear(First),
            Act::Pay(Second),
            Act::RefundElsewhere(Second),
            Act::Hear(Second),
            Act::HearPaid(Second),
            Act::Refund(Answer::Done),
        ],
    ];
    for acts in lives {
        live_through(&world, &acts).await.unwrap();
    }
}

async fn live_through(world: &World, acts: &[Act]) -> Result<(), TestCaseError> {
    let mut life = world.order().await;
    for act in acts {
        life.act(*act).await;
        life.check_step(*act).await?;
    }
    life.come_to_rest(acts).await?;
    life.check(acts).await
}

#[test]
fn only_the_gateways_word_about_the_payment_ends_a_refund_it_was_asked_for() {
    let refund = |standing| Refund {
        id: RefundId(1),
        payment: crate::refund::Payment {
            account: AccountId::new("mp"),
            gateway_id: "1".to_owned(),
            order: OrderRef::new("R"),
            amount: price(),
            seen_at: Timestamp::UNIX_EPOCH,
        },
        reason: RefundReason::Duplicate,
        wisher: Wisher::Policy,
        is_extra: true,
        standing,
        words: None,
        attempts: 1,
        wished_at: Timestamp::UNIX_EPOCH,
        withdrawn_at: None,
        asked_at: None,
        ended_at: None,
    };
    for error in [GatewayError::NotFound, GatewayError::Refused("no".to_owned())] {
        assert!(!is_unknown_after(&refund(Standing::Wished), &error));
        for asked in [Standing::Asked, Standing::Pending] {
            assert!(is_unknown_after(&refund(asked), &error), "{asked:?} {error}");
        }
    }
    let keys = GatewayError::Misconfigured("key".to_owned());
    assert!(
        !is_unknown_after(&refund(Standing::Asked), &keys),
        "the operator is told"
    );
}

fn price() -> Money {
    Money::from_minor(1_510, Currency::Mxn)
}

fn new_order(reference: OrderRef, now: Timestamp) -> Order {
    Order {
        reference,
        link: None,
        token: random_order_token(),
        company: CompanyId::new("c"),
        hotspot: HotspotId::new("h1"),
        account: AccountId::new("mp"),
        mode: Mode::Live,
        plan: PlanSnapshot {
            plan: None,
            label: "1 hora".to_owned(),
            profile: "1H".to_owned(),
            price: price(),
            time: TimeLimit { seconds: 3_600 },
            data: DataLimit::NONE,
        },
        state: State::Waiting,
        reason: None,
        online: Online::Unknown,
        buyer: Buyer::default(),
        gateway_id: None,
        notify_token: None,
        pay_url: None,
        instructions: None,
        voucher: None,
        params: crate::mik_params::MikParams::default(),
        created_at: now,
        paid_at: None,
        provisioned_at: None,
        delivered_at: None,
    }
}

fn put_business(db: &Db<'_>, address: String) -> Result<(), StoreError> {
    let company = CompanyId::new("c");
    db.put_company(&Company {
        id: company.clone(),
        name: "C".to_owned(),
        country: "MX".to_owned(),
        language: Language::Es,
        timezone: "UTC".to_owned(),
        notify_email: None,
        card: crate::company::CompanyCard::default(),
    })?;
    db.put_router(&Router {
        id: RouterId::new("r1"),
        company: company.clone(),
        address,
        tls: RouterTls::Off,
        credentials: Some(RouterCredentials {
            user: "relay".to_owned(),
            password: "relay-pass".into(),
        }),
        access_uuid: "uuid".to_owned(),
        card: crate::company::RouterCard::default(),
    })?;
    db.put_hotspot(&Hotspot {
        id: HotspotId::new("h1"),
        router: RouterId::new("r1"),
        label: "hotspot1".to_owned(),
        name: "hotspot1".to_owned(),
        dns_name: None,
        style: VoucherStyle::default(),
        links: LinkPolicy::Plans,
        mikhmon: crate::company::MikhmonWishes::default(),
    })?;
    db.put_account(&Account {
        id: AccountId::new("mp"),
        company,
        mode: Mode::Live,
        base_url: None,
        keys: AccountKeys::Mercadopago {
            access_token: "token".into(),
            public_key: None,
            webhook_secrets: Vec::new(),
            checkout: MercadopagoCheckout::Preferences,
        },
        refunds: RefundPolicy {
            undelivered_after_h: Some(24),
            paid_twice: true,
        },
    })?;
    db.bump_directory_version()
}

/// A case takes some tens of milliseconds; `REFUND_CASES` or `PROPTEST_CASES` asks for another number.
const CASES: u32 = 1_000;
