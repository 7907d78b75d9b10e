// Stands in for Conekta's web tokeniser: the same surface, a form of its own in the place of the frame. The number
// decides: 4242… pays, 4000 0000 0000 0002 is declined, 4000 0000 0000 0127 has no funds.
(() => {
  const origin = new URL(document.currentScript.src).origin;
  window.ConektaCheckoutComponents = {
    Card({ config, callbacks }) {
      const place = document.querySelector(config.targetIFrame);
      const make = (tag, values) => Object.assign(document.createElement(tag), values);
      const label = make('label', { textContent: config.locale === 'en' ? 'Card number' : 'Número de tarjeta' });
      const number = make('input', { type: 'text', inputMode: 'numeric', autocomplete: 'cc-number', value: '4242 4242 4242 4242' });
      const button = make('button', { type: 'button', className: 'button', textContent: config.locale === 'en' ? 'Pay by card' : 'Pagar con tarjeta' });
      label.append(number);
      place.append(label, button);
      button.addEventListener('click', async () => {
        button.disabled = true;
        try {
          const answer = await fetch(`${origin}/tokens`, { method: 'POST', body: JSON.stringify({ card: { number: number.value }, key: config.publicKey }) });
          const token = await answer.json();
          if (answer.ok) callbacks.onCreateTokenSucceeded(token);
          else callbacks.onCreateTokenError(token);
        } finally {
          button.disabled = false;
        }
      });
      if (callbacks.onGetInfoSuccess) callbacks.onGetInfoSuccess({});
    },
  };
})();
