// What this portal needs to know of its place. The key is a router's key (`mikrelay key`): it may only show this
// router's plans, sell them, and let phones back in, so it can stand in a public page.
window.PORTAL = {
  api: 'https://pay.example.net',
  key: 'jwt_…',
  // Where a code is found again that no device remembers; leave it out if you do not want the link.
  recover: 'https://pay.example.net/retrieve-mikhmon-code',
  // Only to replace the gateways' own scripts, as the demo does.
  // scripts: { conekta: '…', mercadopago: '…' },
};
