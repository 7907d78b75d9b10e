# Texts for buyers. The four files have the same keys and the same arguments (a test proves it).

## Everywhere
languages = Language
recover-link = Already paid? Find my code

time-days = { $n ->
    [one] { $n } day
   *[other] { $n } days
}
time-hours = { $n } h
time-minutes = { $n } min
time-seconds = { $n } s
data-gib = { $n } GB
data-mib = { $n } MB
data-kib = { $n } KB
data-bytes = { $n } bytes

## Buy page
buy-eyebrow = Wi-Fi access
buy-time = Time online
buy-data = Data
buy-data-free = no limit
buy-price-differs = The price has changed since this link was made. The price shown here is the right one.
buy-how-redirect = You pay on { $gateway }’s secure page, then come back here.
buy-how-script = You pay in { $gateway }’s secure window.
buy-how-phone = A payment request arrives on your phone. You confirm it with your PIN.
buy-choose = How do you want to pay?
buy-choice-page = Mobile money or card
buy-choice-phone = Mobile money
buy-choice-phone-by = By your number, with { $gateway }
buy-choice-page-by = On { $gateway }’s page
buy-phone = Mobile money number
buy-phone-hint = The number that pays.
buy-network = Operator
buy-network-auto = By the number
buy-otp = One-time code (OTP)
buy-otp-hint = Wanted by { $networks }. Your operator gives it to you.
buy-otp-dial = Dial { $code } to get it.
buy-email = E-mail (optional)
buy-email-hint = To get your code by e-mail as well.
buy-button = Pay { $price }
buy-after-device = After the payment your code is shown and your device goes online by itself.
buy-after-code = After the payment your code is shown here.
buy-unexpanded = For the operator: the link contains { $names } unreplaced. This link must stand in login.html on the router. The sale is still possible; the buyer will type the code.

field-error = Please check the form
field-phone = This number is not recognised. Write it in full, for example with the country code.
field-network = Choose your operator.
field-otp = Enter your operator’s one-time code.
field-email = This e-mail address is not valid.
field-account = Choose how to pay.
field-other = A value is missing or not valid.

## Order page
order-summary = Summary
order-plan = Plan
order-price = Price
order-reference = Reference
order-reference-keep = Keep this reference: it finds your code again.
order-step-pay = Payment
order-step-access = Access
order-step-online = Online
order-steps = Progress
order-live = This page updates by itself.
order-refresh = Refresh
order-waiting-title = Waiting for the payment
order-waiting-phone = A payment request was sent to the number ending in { $digits }. Confirm it with your PIN.
order-waiting-open = Finish the payment on { $gateway }’s page. Already paid? Do not pay again: this page changes once { $gateway } confirms it.
order-waiting-script = Press the button: { $gateway }’s payment window opens.
order-waiting-nothing = We are waiting for { $gateway }’s answer.
order-open-button = Open the payment page
order-till-title = Pay with this number
order-till-cash = Go to { $store } and read this number out at the till.
order-till-store = Go to a store and read this number out at the till.
order-till-transfer = Transfer the amount to this account from your bank’s app.
order-till-number = Payment number
order-till-account = Account number (CLABE)
order-till-amount = Exact amount
order-till-bank = Bank
order-till-until = Pay before
order-till-barcode = Show the bar code
order-till-later = Your code comes by itself once the payment is confirmed, even days later and with this page closed.
order-till-return = To come back, keep this page’s address, or use the reference below and the amount:
order-script-needed = This payment needs JavaScript. Copy this page’s address and open it in Chrome, Firefox or Safari.
order-script-missing = The pay button could not be loaded. Refresh the page; if it goes on, tell the operator.
order-script-button = Pay { $price }
order-try-title = { $gateway } does not answer
order-try-text = The payment could not begin. Try again in a moment.
order-try-button = Try again
order-paid-title = Payment received
order-paid-text = We are making your access. This takes a few seconds.
order-paid-slow = The Wi-Fi router does not answer yet. Your access will be made as soon as it does. Do not pay a second time.
order-stuck-text = Your payment is recorded. The operator has been told and has to finish your access. Do not pay a second time.
order-ready-title = Your code is ready
order-online-title = You are online
order-connecting = Connecting your device…
order-code = Your code
order-user = User name
order-password = Password
order-copy = Copy
order-copied = Copied
order-code-keep = Write this code down: it gets you back online if this window closes.
order-login-button = Connect to the Wi-Fi
order-login-hint = Stay on { $company }’s Wi-Fi.
order-login-manual = Enter this code on the Wi-Fi’s login page.
order-continue-button = Continue
order-link-paid-text = Thank you. Your payment is complete.
order-link-for = Payment for
order-link-back-button = Back to the shop
order-failed-title = The payment did not succeed
order-cancelled-title = Payment cancelled
order-expired-title = The time to pay is over
order-failed-reason = { $gateway }’s answer:
order-failed-balance = Check your mobile money balance and limit, then try again.
order-decline-funds = There is not enough money for this payment. Use another card or another way to pay.
order-decline-details = The card’s details were not accepted. Check the number, the date and the security code, and try again.
order-decline-bank = Your bank has to allow this payment. Call it, or use another card.
order-decline-card = This card cannot be used here. Use another card or another way to pay.
order-decline-risk = The payment was refused for safety. Use another way to pay, such as cash.
order-decline-often = This card was tried too often. Use another card, or try again later.
order-decline-twice = The same payment was made a moment ago. Look whether it went through before you pay again.
order-decline-challenge = Your bank’s confirmation did not succeed. Try again and confirm the payment on the bank’s page.
order-decline-other = The card was refused without a reason. Use another card or another way to pay.
order-late-money = If money was taken all the same, keep this reference: your access is made as soon as the payment is confirmed.
order-retry-button = Try again
order-held-title = Payment to be checked
order-held-text = The payment received does not fit this purchase. The operator has been told: give them the reference below.
order-refunding-title = Your money is on its way back
order-refunding-text = This access could not be delivered in time, or its refund was asked for. The operator is giving your payment back: keep the reference below.
order-refunded-title = Purchase refunded
order-refunded-text = This payment was refunded and the code is no longer valid.
order-again-button = Buy again

## Finding a code
recover-title = Find my code
recover-intro = You have paid and no longer have your code? It is still there.
recover-reference = Payment reference
recover-reference-hint = The one on your purchase page, in the text message or on the payment receipt.
recover-second = Last 4 digits of the number that paid
recover-second-hint = Paid by card, or nothing found? Type the amount paid. Not needed on the device that bought.
recover-button = Find
recover-nothing = No purchase fits. Check the reference and the last 4 digits of the number that paid; if you paid by card, type the amount paid. If you have just paid, try again in a minute.

## Home
home-title = Wi-Fi payments
home-text = To buy access, connect to the Wi-Fi and choose a plan on its login page.

## Errors
error-operator = For the operator
error-plan-title = This plan does not exist
error-plan-text = Go back to the Wi-Fi’s login page and choose a plan.
error-hotspot-title = This Wi-Fi is not known
error-hotspot-text = Go back to the Wi-Fi’s login page or ask the operator.
error-account-title = This way to pay is not ready
error-account-text = Choose another way to pay on the Wi-Fi’s login page, or ask the operator.
error-link-title = This link is incomplete
error-link-text = Go back to the Wi-Fi’s login page and touch the plan again.
error-sell-title = This plan cannot be paid right now
error-sell-text = Choose another way to pay or ask the operator.
error-order-title = This purchase cannot be found
error-order-text = Check the address, or find your code with the payment reference.
error-lost-title = This page does not exist
error-lost-text = To buy access, open the Wi-Fi’s login page.
error-often-title = Too many requests
error-often-text = Wait { $seconds } seconds, then try again.
error-busy-title = The service is busy
error-busy-text = Try again in a few seconds. If you have already paid, your purchase is not lost.
error-request-title = This request cannot be read
error-request-text = Go back to the previous page and try again.
error-broken-title = Something went wrong
error-broken-text = Try again. If you have already paid, your purchase is not lost.

## For the operator, on an error page
hint-plan = The plan “{ $plan }” does not exist in site.toml. Correct the link in login.html or add this plan.
hint-account = No { $gateway } account has the key or site of this link. Compare the link in login.html with site.toml.
hint-hotspot = This company has no hotspot named “{ $name }” in site.toml. The hotspot’s “name” must be the exact name of the server on the router.
hint-hotspot-twice = Several hotspots of the company are named “{ $name }”. Put the plan’s short link (/b/…) into login.html.
hint-no-plan = No plan of the hotspot “{ $hotspot }” sells the profile “{ $profile }” with these limits. Add it to site.toml or correct the link in login.html.
hint-missing = The link lacks “{ $name }”. Correct it in login.html.
hint-unexpanded = The link contains “{ $value }” unreplaced. It must stand in login.html on the router, which puts the real value there.
hint-value-amount = In the link, “{ $name }” is “{ $value }”: write an amount such as “100” or “12.50”.
hint-value-price = In the link, “{ $name }” is missing or zero: write the price.
hint-value-currency = In the link, “{ $name }” is “{ $value }”: write “FCFA” or an ISO code such as “XOF”.
hint-value-time = In the link, “{ $name }” is “{ $value }”: write a time such as “30m”, “4h” or “1d12h”.
hint-value-data = In the link, “{ $name }” is “{ $value }”: write an amount of data such as “10M” or “1G”.
hint-sell-foreign-keys = The keys of the account “{ $account }” are not { $gateway }’s. Correct them in site.toml.
hint-sell-mixed-keys = The account “{ $account }” mixes sandbox keys and live keys of { $gateway }. Correct them in site.toml.
hint-sell-one-of = The account “{ $account }” lacks at least one of these settings in site.toml: { $list }.
hint-sell-proof = Without at least one of these settings in site.toml, no payment of the account “{ $account }” can be checked: { $list }.
hint-sell-country = { $gateway } (account “{ $account }”) serves these countries only: { $list }. Correct the company’s country in site.toml or choose another gateway.
hint-sell-nobody = No account of the company may sell this plan. Correct the plan’s “accounts” in site.toml or add an account.
hint-sell-inactive = The product, its router or its company is switched off. Switch it on through the API.
