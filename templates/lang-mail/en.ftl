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
