# The demo world: the hotspot's portal page, the router and the mails.

nav-phone = Portal
nav-pin = Mobile money
nav-router = Router
nav-mail = Mails
demo-note = Demonstration: phone, router and gateways are simulated on this machine.

welcome = Welcome to the Wi‑Fi
welcome-hint = Choose a plan, pay with your phone: you are online right away.
you-are-online = This phone is online.
see-status = See the session
plans = Plans
pin-hint = FeexPay makes the phone ring: here, the request shows up on a page of its own.
buy = Buy
short-link = short link
pays-with = through { $gateway }
days = { $n ->
    [one] { $n } day
   *[other] { $n } days
}
hours = { $n ->
    [one] { $n } hour
   *[other] { $n } hours
}
minutes = { $n } min
seconds = { $n } s
no-data-limit = no data limit
gigabytes = { $n } GB
megabytes = { $n } MB
have-code = I have a code
code = Code
password-if-any = Password (if you have one)
connect = Connect
lost-code = Lost your code? Find it again
login-failed = Login refused: { $why }
router-is-off = The router is switched off: nobody can connect at the moment.

status-title = My session
online = Online
offline = Not online
offline-hint = This phone has no access to the internet at the moment.
user = User
time-left = Time left
no-limit = no limit
address = IP address
device = Device (MAC)
disconnect = Disconnect
to-plans = See the plans
other-phone = Take another phone
phone-number = Phone { $number }

router-title = Simulated router
router-hint = What the relay did on the router { $server }, through the RouterOS API.
power-on = On
power-off = Off
switch-on = Switch on
switch-off = Switch off
power-hint = Switch it off, pay, and switch it on again: the sale waits and succeeds.
users = Hotspot users
no-users = No users yet.
sessions = Active sessions
no-sessions = Nobody is online.
profile = Profile
limits = Limits
comment = Comment
user-disabled = disabled
commands = API commands, newest first
no-commands = No command received.
refreshes = This page refreshes every five seconds.

mail-title = Mails
mail-hint = What the relay sent to the operator and to buyers.
no-mail = No mails yet.
to = To
back = Back
not-found = There is no such page.

pagos-link = Open the example portal, which speaks to the API
forget-users = End all plans
