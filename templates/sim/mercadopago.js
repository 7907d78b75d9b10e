// Stands in for MercadoPago.js v2 with secure fields: the same surface, plain fields in the place of frames. The
// holder's name decides, as with the test cards: APRO pays, CONT stays pending, FUND, CALL and others are refused.
(() => {
  const origin = new URL(document.currentScript.src).origin;
  window.MercadoPago = class {
    constructor(publicKey) {
      const values = {};
      const hears = {};
      this.fields = {
        create: (kind, { placeholder }) => {
          const field = {
            mount: (id) => {
              const input = Object.assign(document.createElement('input'), { type: 'text', inputMode: 'numeric', placeholder });
              input.style.cssText = 'width:100%;height:100%;border:0;background:none;margin:0;padding:0;min-height:0';
              input.setAttribute('aria-label', kind);
              input.addEventListener('input', () => {
                values[kind] = input.value;
                const bin = input.value.replace(/\D/g, '').slice(0, 8);
                if (kind === 'cardNumber') (hears.binChange || (() => {}))({ bin: bin.length === 8 ? bin : null });
              });
              document.getElementById(id).append(input);
              return field;
            },
            on: (event, act) => {
              hears[event] = act;
              return field;
            },
          };
          return field;
        },
        createCardToken: async ({ cardholderName }) => {
          const body = { card_number: (values.cardNumber || '').replace(/\D/g, ''), cardholder: { name: cardholderName } };
          const answer = await fetch(`${origin}/v1/card_tokens?public_key=${encodeURIComponent(publicKey)}`, { method: 'POST', body: JSON.stringify(body) });
          const token = await answer.json();
          if (!answer.ok) throw token;
          return token;
        },
      };
    }

    // Mexico has none: the real one answers 404.
    async getIdentificationTypes() {
      throw { message: 'resource not found', error: 'not_found', status: 404 };
    }

    async getPaymentMethods() {
      return { results: [{ id: 'visa', issuer: { id: 310, name: 'Banco' } }] };
    }
  };
})();
