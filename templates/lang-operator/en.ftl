# What operators read: what happened and, under “-do”, what to do. The four files have the same keys and the same
# values. Words of others between quotation marks stay as they are.

## Money
wrong-amount = The buyer paid { $paid }; the price is { $price }.
wrong-amount-do = If you accept this payment, run “{ $retry }” and the buyer gets the code. If not, refund it in { $gateway }’s dashboard.
wrong-currency = The buyer paid { $paid-code }; the price is { $price-code }. The currencies differ.
wrong-currency-do = { wrong-amount-do }
amount-unknown = { $gateway } reports a payment without saying how much.
amount-unknown-do = Check the amount in { $gateway }’s dashboard. If it is right, run “{ $retry }” and the buyer gets the code. If not, refund it.
sandbox-on-live-account = { $gateway } reports a sandbox payment on the live account “{ $account }”. No real money was paid.
sandbox-on-live-account-do = Give out no code; there is nothing to refund. Check in site.toml that this account has its live keys, not its sandbox keys.
sandbox-for-live-plan = A sandbox payment arrived through the account “{ $account }” for a plan that is sold for real money. No real money was paid.
sandbox-for-live-plan-do = Give out no code; there is nothing to refund. For trials, make a plan in site.toml that only this account sells (its “accounts” setting).
unusable-params = { $faults ->
    [one] The payment is good, but a setting in the webhook cannot be used.
   *[other] The payment is good, but some settings in the webhook cannot be used.
}
unusable-params-do = Correct the webhook in { $gateway }’s dashboard, then run “{ $retry }”: the order goes on with the hotspot’s own settings.
paid-twice = The buyer paid twice: payments “{ $first }” and “{ $second }” at { $gateway }. Only one code is due.
paid-twice-do = Give one of the two payments back: “{ $refund } --payment { $second }”.
payment-disputed = This payment is disputed. { $gateway } decides who keeps the money.
payment-disputed-do = Answer the dispute in { $gateway }’s dashboard. If the buyer has no code yet and the money stays yours, run “{ $retry }”.
partly-refunded = A part of this payment was refunded at { $gateway }.
partly-refunded-do = Check this refund in { $gateway }’s dashboard. If the buyer has no code yet and the rest is enough for you, run “{ $retry }”.
charged-back = The buyer’s bank took the money of this payment back at { $gateway }. The code no longer works.
charged-back-do = If you contest it, do so in { $gateway }’s dashboard. The code stays disabled either way.
chargeback-won = { $gateway } decided a chargeback for you: the money of this payment is yours again. The code stays disabled.
chargeback-won-do = If the buyer is to go on, enable his user on the router. “{ $show } --voucher” names it.
refund-refused = { $gateway } does not give { $paid } back (payment “{ $payment }”). It says: “{ $words }”.
refund-refused-do = Give the money back in { $gateway }’s dashboard and run “{ $refunded }”. “{ $refund } --yes” asks { $gateway } again; “{ $retry }” delivers an order that is held.
refund-held-up = { $paid } cannot be given back yet: { $gateway } refuses the account “{ $account }”. It says: “{ $words }”.
refund-held-up-do = Correct the keys of this account in site.toml and apply it. The refund then goes on by itself.
refund-awaits-router = This order was not delivered in time. { $paid } goes back to the buyer as soon as the router answers and its user is taken away.
refund-awaits-router-do = “{ $refund } --yes” gives the money back without waiting for the router; “{ $retry }” delivers the order instead.
paid-after-chargeback = The buyer’s bank took this payment back before it bought anything; now { $gateway } says that it is paid.
paid-after-chargeback-do = Check in { $gateway }’s dashboard whose the money is. If it is yours, run “{ $retry }” and the buyer gets the code.
refund-still-open = { $paid } (payment “{ $payment }”) has been due back for { $days ->
    [one] a day
   *[other] { $days } days
} and has not gone back. { $standing ->
    [wished] { $gateway } was not asked for it yet.
    [pending] { $gateway } took the refund on and has not finished it.
    [by_hand] It waits for you: { $gateway } gives nothing back by itself.
   *[other] { $gateway } was asked; what became of it is not known.
}
refund-still-open-do = “{ $show }” tells what it waits for. If you give it back in { $gateway }’s dashboard, run “{ $refunded } --payment { $payment }” afterwards.

## Hotspot and router
hotspot-gone = A payment arrived, but the hotspot “{ $hotspot }” is no longer in site.toml.
hotspot-gone-do = Put it back into site.toml, run “mikrelay apply site.toml”, then “{ $retry }”.
router-without-login = The relay has no user name and password for the router “{ $router }”.
router-without-login-do = Add “user” and “password” to this router in site.toml, then run “mikrelay apply site.toml”. The order goes on by itself.
profile-missing = The router “{ $router }” has no user profile named “{ $profile }”.
profile-missing-do = Create a profile of exactly this name in Winbox (IP → Hotspot → User Profiles); the order goes on by itself. If the name is wrong, correct the plan in site.toml too, for the next sales.
server-missing = The router “{ $router }” has no hotspot server named “{ $server }”.
server-missing-do = Set the hotspot’s “name” in site.toml to the exact name of the server (Winbox: IP → Hotspot → Servers), then run “mikrelay apply site.toml”. The order goes on by itself.
callback-server-missing = The webhook asks for the hotspot server “{ $server }” (setting “mikserver”), which the router “{ $router }” does not have.
callback-server-missing-do = Correct or remove “mikserver” in the webhook, then run “{ $retry }”: the order goes on with the hotspot’s own server, “{ $own }”.
router-login-refused = The router “{ $router }” refuses the relay’s login. Its answer: “{ $words }”.
router-login-refused-do = Compare this router’s “user” and “password” in site.toml with the user on the router (Winbox: System → Users). If you change site.toml, run “mikrelay apply site.toml”. The order goes on by itself.
router-rights-missing = The router “{ $router }” refuses the command: the relay’s user lacks rights.
router-rights-missing-do = Give its group the policies “api”, “read” and “write” (Winbox: System → Users → Groups). The order goes on by itself.
router-address-unusable = The address of the router “{ $router }” cannot be used: “{ $address }”.
router-address-unusable-do = Write it as “host:port” in site.toml, then run “mikrelay apply site.toml”. The order goes on by itself.
router-tls-fails = The encrypted connection to the router “{ $router }” fails: “{ $words }”.
router-tls-fails-do = Check the certificate of the “api-ssl” service (Winbox: IP → Services) and the router’s “tls” setting in site.toml. The order goes on by itself.
router-not-speaking-api = What answers at the address of the router “{ $router }” does not speak the RouterOS API: “{ $words }”.
router-not-speaking-api-do = Check address and port in site.toml (8728, or 8729 with TLS) and the router’s “api” service (Winbox: IP → Services). The order goes on by itself.
router-refuses = The router “{ $router }” refuses to make the code. Its answer: “{ $words }”.
router-refuses-do = Remove the cause on the router; the order then goes on by itself. “{ $retry }” tries it at once.
sale-record-refused = The sale is done; only its line in Mikhmon’s reports is missing: the router “{ $router }” does not take it. Its answer: “{ $words }”.
sale-record-refused-do = Give the group of the relay’s user the policy “write”, and “policy” if that does not help (Winbox: System → Users → Groups); the relay tries again for three days. Or set “mikhmon_records = false” in site.toml.
value-unsendable = The value “{ $field }” holds a character that cannot be written to the router “{ $router }”.
value-unsendable-do = Correct this value in site.toml (letters without accents, digits, plain signs), then run “mikrelay apply site.toml” and “{ $retry }”.
router-answer-incomplete = The answer of the router “{ $router }” to “{ $command }” is incomplete: “{ $property }” is missing.
router-answer-incomplete-do = Check this router with “mikrelay router test { $router }” and update RouterOS. The order goes on by itself.

## Payment gateway
gateway-silent = { $gateway } gave no usable answer: “{ $words }”.
gateway-silent-do = The buyer can try again. If it goes on, check { $gateway }’s status and this server’s connection.
account-refused = { $gateway } refuses the account “{ $account }”: “{ $words }”.
account-refused-do = Check this account’s keys in site.toml and its status in { $gateway }’s dashboard. The buyer then has to start again.
request-refused = { $gateway } refuses this payment request: “{ $words }”.
request-refused-do = Correct what the answer names, for example the plan’s price. The buyer then has to start again.
declined = { $gateway } declined the payment: “{ $words }”.
declined-do = There is nothing for you to do; the buyer can start again.

rule-broken-whole-amounts = { $gateway } takes whole amounts only; the price is { $price }.
rule-broken-whole-amounts-do = Change the plan’s price in site.toml, or sell it through another account.
rule-broken-at-least = { $gateway } takes nothing below { $least }; the price is { $price }.
rule-broken-at-least-do = { rule-broken-whole-amounts-do }
rule-broken-between = { $gateway } takes amounts from { $least } to { $most } only; the price is { $price }.
rule-broken-between-do = { rule-broken-whole-amounts-do }
rule-broken-multiples-of = { $gateway } takes multiples of { $step } only; the price is { $price }.
rule-broken-multiples-of-do = { rule-broken-whole-amounts-do }
rule-broken-currencies = { $gateway } takes these currencies only: { $codes }. The price is { $price-code }.
rule-broken-currencies-do = { rule-broken-whole-amounts-do }
rule-broken-address-length = { $gateway } takes no address of more than { $max } characters; those of this hotspot are longer.
rule-broken-address-length-do = Shorten “public_url” in mikrelay.toml or the hotspot’s “label” in site.toml.

## The rest
unexplained = This order needs you.
unexplained-do = “{ $show }” shows its whole history; “{ $retry }” tries it again once the cause is gone.
other-do = { unexplained-do }

## The mik… settings of a webhook
fault-too-long = “{ $name }” is longer than { $max } bytes: write a shorter value.
fault-control-character = “{ $name }” holds an invisible character such as a line end: type the value again.
fault-unexpanded = “{ $name }” is “{ $value }”, which only the router’s own pages replace: write the value itself.
fault-not-utf8 = “{ $name }” is not UTF-8 text: type the value again.
fault-broken-percent = “{ $name }” has a “%” without two hexadecimal digits after it: write “%25” for “%”.
fault-two-headers = “{ $name }” stands in more than one header: keep one of them.
fault-two-values = “{ $name }” has several different values: keep one of them.
fault-too-many = The webhook’s address has more than { $max } parameters: keep only those that begin with “mik”.
fault-user-mode = “{ $name }” is “{ $value }”: write “vc”, “up” or “pin”.
fault-length = “{ $name }” is “{ $value }”: write a number from { $min } to { $max }.
fault-alphabet = “{ $name }” is “{ $value }”: write “lower”, “upper”, “upplow”, “mix”, “mix1” or “mix2”.
fault-prefix = “{ $name }” is “{ $value }”: write at most { $max } letters and digits, with at most one hyphen.
fault-email = “{ $name }” is “{ $value }”: write one e-mail address, such as “name@example.com”.
fault-currency = “{ $name }” is “{ $value }”: write “FCFA” or an ISO code such as “XOF”.
fault-access-uuid = “{ $name }” is not an access UUID: copy the router’s “access_uuid” from site.toml.
fault-dns-name = “{ $name }” is “{ $value }”: write the hotspot’s DNS name, such as “wifi.example.net”, without “http://” and “/”.
fault-port = “{ $name }” is “{ $value }”: write a port from 1 to 65535 after the colon, or none.
fault-server = “{ $name }” is “{ $value }”: write the name of the hotspot server on the router, at most { $max } characters without accents.
fault-other = “{ $name }”: { $sentence }
