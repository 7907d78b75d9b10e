# Mails. The values come from elsewhere: each is one line.

# To the operator, for each sale.
sale-subject = Sale: { $plan }, { $amount }
sale-intro = { $company }: a sale on { $hotspot }.

# To the buyer.
code-subject = Your Wi-Fi code: { $plan }, { $amount }
code-intro = Thank you for your purchase. Here is your Wi-Fi access from { $company }.
code-keep = Keep this message: the reference finds the code again.
code-how = To connect: join the Wi-Fi, open { $address } and enter the access above.
code-how-plain = To connect: join the Wi-Fi and enter the access above on the page that opens.

# Common lines.
line-code = Code: { $value }
line-pin = Code (no password): { $value }
line-user = User name: { $value }
line-password = Password: { $value }
line-plan = Plan: { $value }
line-profile = Router profile: { $value }
line-amount = Amount: { $value }
line-price = Price: { $value }
line-gateway = Paid through: { $value }
line-gateway-reference = Payment reference: { $value }
line-order = Reference: { $value }
line-phone = Phone: { $value }
line-mac = Device (MAC): { $value }

# To the operator, when an order needs him.
alert-held-subject = Order held: { $plan }, { $amount }
alert-stuck-subject = Order stuck: { $plan }, { $amount }
alert-other-subject = Order to check: { $plan }, { $amount }
alert-held-intro = An order waits for your decision. No code was made.
alert-stuck-intro = A payment has arrived, but the code could not be made yet.
alert-other-intro = An order needs you.
alert-what =
    What happened:
    { $value }
alert-do =
    What to do:
    { $value }

# To the operator, once a day, when gateway and relay do not agree.
ledger-subject = Daily check: payments to look at ({ $count })
ledger-intro = { $company }: what the gateways say was paid was compared with what was delivered. This does not agree.
ledger-account = Account { $account }:
ledger-unknown = { $payment }, { $amount }: paid at the gateway, but no order here has this payment. If it was for Wi-Fi, refund it or give the buyer a code.
ledger-second = { $payment }, { $amount }: a second payment for order { $order }. Refund one of the two.
ledger-unsettled = { $payment }, { $amount }: paid at the gateway, but order { $order } could not take the payment.
ledger-held = { $payment }, { $amount }: order { $order } is held; you decide.
ledger-stuck = { $payment }, { $amount }: order { $order } is paid, but the router refuses it.
ledger-undelivered = { $payment }, { $amount }: order { $order } is paid, but the router has not answered yet.
ledger-more = … and { $count } more.
ledger-do = What to do: “{ $list }” lists all of it, “{ $show }” shows the history of one order.

## Webhooks that no order could take
event-subject = Messages of your gateways to look at ({ $count })
event-intro = { $company }: a gateway sent these messages. They are genuine, but nothing could be done with them here: nothing was delivered and nothing was taken away because of them.
event-unreadable = Message { $event }, account { $account }: it could not be read: “{ $value }”.
event-taken-back = Message { $event }, account { $account }: the money of payment { $value } is disputed or was taken back, and no order here has this payment.
event-of-another-account = Message { $event }, account { $account }: it is about order { $value }, which was sold through another account.
event-not-shown = Message { $event }, account { $account }: the gateway does not show payment { $value } to this account. Its keys may be those of another seller.
event-account-refused = Message { $event }, account { $account }: the gateway refuses the keys of this account: “{ $value }”. Payments are not recognised until they are corrected in site.toml and applied; then this message is settled by itself.
event-do = What to do: look in the gateway’s dashboard whose payment it is, and answer a dispute there before its deadline. “{ $show }” with the number shows what was sent, “{ $list }” lists all of them.

## Money that goes back
refund-done-subject = Refunded: { $plan }, { $amount }
refund-done = { $company }: a payment went back to its buyer. Its code no longer works.
refund-done-extra = { $company }: a second payment for one purchase went back to its buyer. His code goes on working.
refund-buyer-subject = Your refund: { $plan }, { $amount }
refund-buyer = { $company } has given your payment back. The Wi-Fi code of this purchase no longer works.
refund-buyer-extra = You paid twice for one purchase. { $company } has given the second payment back. Your Wi-Fi code goes on working.
refund-buyer-when = The money arrives the way you paid. Your bank or operator may need some days for it.
refund-todo-subject = To do: give back { $amount } ({ $plan })
refund-todo = { $company }: a payment has to go back to its buyer. { $gateway } only does that by your hand:
refund-todo-extra = { $company }: one purchase was paid twice, and this second payment has to go back to its buyer. { $gateway } only does that by your hand:
refund-way-open = Open { $gateway }’s dashboard and find the transaction { $payment }.
refund-way-fedapay = Open it, choose “Refund” and confirm { $amount }. FedaPay refunds MTN Mobile Money only; for other operators send { $amount } yourself to the number that paid.
refund-way-cinetpay = CinetPay has no refund button: send { $amount } with a transfer to the number that paid, or ask CinetPay’s support to cancel transaction { $payment }.
refund-way-feexpay = Open the menu “Refunds”, choose the transaction and confirm { $amount }.
refund-way-other = Open it, choose “Refund” and confirm { $amount }.
refund-way-done = Then run “{ $command }”: the code stops working, and the buyer is told.
refund-way-done-extra = Then run “{ $command }”: the buyer is told, and his code goes on working.

# Notices by Telegram, to the operator.
telegram-sold = { $company }: sale approved
telegram-refused = { $company }: payment refused
telegram-customer = Customer: { $value }
telegram-email = E-mail: { $value }
telegram-reason = Reason: { $value }
telegram-pin = PIN: { $value }
telegram-test = { $company }: test message. Notices of your sales will arrive here.
telegram-fault-subject = Telegram refuses your notices
telegram-fault = { $company }: Telegram does not take the notices of your sales. Its answer: { $words }
telegram-fault-do = Check the bot's token and the chat, and that the bot is still in the chat and not blocked. Notices of the last 24 hours are sent as soon as Telegram takes them. Your sales go on as always.

## The relay's own certificate
certificate-subject = The certificate of { $name } needs you
certificate-soon = { $days ->
    [0] The certificate of { $name } runs out today
    [one] The certificate of { $name } runs out in { $days } day
   *[other] The certificate of { $name } runs out in { $days } days
}, and it was not renewed. After that, phones refuse the pay pages.
certificate-over = The certificate of { $name } has run out: phones refuse the pay pages.
certificate-do-ours = What to do: the relay renews it by itself and has failed so far; its log says why and what helps. Mostly port 80 of the name does not reach the relay any more, or the name leads elsewhere.
certificate-do-files = What to do: renew the certificate and put the new one into the files that the settings name. The relay takes it within a minute; it does not have to be started again.
