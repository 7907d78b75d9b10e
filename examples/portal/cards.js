// The card forms of the gateways. The number of a card never touches this page: it is typed into the gateway's own
// frames, and what comes out is a token that only the company's private key can charge, once.
//
// A gateway's script is loaded when a buyer chooses it, not before: phone data is dear.
'use strict';

window.CARDS = (() => {
  const SCRIPTS = {
    conekta: 'https://pay.conekta.com/v1.0/js/conekta-checkout.min.js',
    mercadopago: 'https://sdk.mercadopago.com/js/v2',
  };
  const loading = {};

  function load(gateway) {
    const src = (window.PORTAL.scripts || {})[gateway] || SCRIPTS[gateway];
    loading[gateway] ||= new Promise((resolve, reject) => {
      const script = document.createElement('script');
      script.src = src;
      script.onload = resolve;
      script.onerror = () => {
        delete loading[gateway];
        script.remove();
        reject(new Error('script'));
      };
      document.head.append(script);
    });
    return loading[gateway];
  }

  // Each answers with the fields that the payment needs, through `settings.onToken`. `submit` presses the gateway's
  // own button where our form has one; where the frame brings its own, it is null.

  async function conekta(slot, settings) {
    await load('conekta');
    slot.id = 'conekta-frame';
    window.ConektaCheckoutComponents.Card({
      config: { targetIFrame: '#conekta-frame', publicKey: settings.publicKey, locale: settings.language === 'en' ? 'en' : 'es' },
      callbacks: {
        onCreateTokenSucceeded: (token) => settings.onToken({ token_tarjeta: token.id }),
        onCreateTokenError: (error) => settings.onError((error && (error.message_to_purchaser || error.message)) || ''),
      },
    });
    return { submit: null };
  }

  // The identity document, where the gateway's country wants one (Argentina, Brazil, Chile and others; not Mexico). The
  // countries' kinds come from the gateway; where it names none, there is no field.
  async function documentField(mp, slot, settings) {
    const kinds = await Promise.resolve()
      .then(() => mp.getIdentificationTypes())
      .catch(() => []);
    if (!Array.isArray(kinds) || !kinds.length) return null;
    const select = document.createElement('select');
    select.setAttribute('aria-label', settings.texts.documentKind);
    for (const kind of kinds) {
      const option = document.createElement('option');
      option.value = kind.id;
      option.textContent = kind.name || kind.id;
      select.append(option);
    }
    const number = document.createElement('input');
    number.id = 'mp-document';
    number.autocomplete = 'off';
    number.maxLength = 32;
    const fault = document.createElement('span');
    fault.id = 'mp-document-fault';
    fault.className = 'fault';
    fault.setAttribute('role', 'alert');
    fault.hidden = true;
    const label = document.createElement('label');
    const name = document.createElement('span');
    name.textContent = settings.texts.documentNumber;
    label.append(name, number, fault);
    const two = document.createElement('div');
    two.className = 'two';
    two.append(select, label);
    slot.append(two);
    const read = () => {
      const kind = kinds.find(({ id }) => id === select.value) || {};
      // People write it with dots and dashes.
      const plain = number.value.replace(/[^0-9A-Za-z]/g, '');
      const fits = plain.length >= (kind.min_length || 1) && plain.length <= (kind.max_length || 32);
      fault.textContent = fits ? '' : settings.texts.needDocument;
      fault.hidden = Boolean(fits);
      number.setAttribute('aria-invalid', fits ? 'false' : 'true');
      number.setAttribute('aria-describedby', fault.id);
      if (!fits) number.focus();
      return fits ? { type: select.value, number: plain } : null;
    };
    return { read };
  }

  async function mercadopago(slot, settings) {
    await load('mercadopago');
    const mp = new window.MercadoPago(settings.publicKey, { locale: settings.locale });
    const field = (id, text) => {
      const label = document.createElement('label');
      const box = document.createElement('div');
      const name = document.createElement('span');
      name.textContent = text;
      box.id = id;
      box.className = 'field';
      label.append(name, box);
      return label;
    };
    const two = document.createElement('div');
    two.className = 'two';
    two.append(field('mp-expiry', settings.texts.expiry), field('mp-cvc', settings.texts.cvc));
    slot.append(field('mp-number', settings.texts.number), two);
    const number = mp.fields.create('cardNumber', { placeholder: '0000 0000 0000 0000' }).mount('mp-number');
    mp.fields.create('expirationDate', { placeholder: 'MM/AA' }).mount('mp-expiry');
    mp.fields.create('securityCode', { placeholder: '123' }).mount('mp-cvc');
    const papers = await documentField(mp, slot, settings);
    let method = null;
    number.on('binChange', async ({ bin }) => {
      method = null;
      if (!bin) return;
      const found = await mp.getPaymentMethods({ bin }).catch(() => ({ results: [] }));
      method = found.results[0] || null;
    });
    const submit = async (holder) => {
      try {
        const paper = papers && papers.read();
        // Said at the field itself.
        if (papers && !paper) return settings.onFault();
        const owner = paper ? { identificationType: paper.type, identificationNumber: paper.number } : {};
        const token = await mp.fields.createCardToken({ cardholderName: holder, ...owner });
        if (!method) throw new Error('card');
        const fields = { token: token.id, payment_method_id: method.id, cuotas: 1 };
        if (paper) fields.payer = { identification: paper };
        if (method.issuer && method.issuer.id) fields.issuer_id = String(method.issuer.id);
        if (window.MP_DEVICE_SESSION_ID) fields.device_id = window.MP_DEVICE_SESSION_ID;
        settings.onToken(fields);
      } catch (error) {
        settings.onError('');
      }
    };
    return { submit };
  }

  return { conekta, mercadopago };
})();
