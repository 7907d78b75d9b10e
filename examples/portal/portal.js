// A captive portal on the Pagos Hotspot API: shows the plans of its router, sells them by card, and lets a phone that
// bought before back in. Plain JavaScript; nothing is loaded that is not needed.
//
// Promises: a payment is never asked for twice (each attempt has a key of its own, and a lost answer is asked for
// again under the same key, also after a reload); a code is forgotten only when the router said that it is used up.
'use strict';

(() => {
  const { api, key, recover, hotspot } = window.PORTAL;
  const query = new URLSearchParams(location.search);
  const $ = (id) => document.getElementById(id);

  // --- what this phone keeps ----------------------------------------------------------------------------------------

  const PLACE = `mikrelay ${location.pathname} `;
  const keep = {
    get(name) {
      try {
        return JSON.parse(localStorage.getItem(PLACE + name));
      } catch {
        return null;
      }
    },
    // The small browsers of captive portals may forbid it; the page works without.
    set(name, value) {
      try {
        if (value === null) localStorage.removeItem(PLACE + name);
        else localStorage.setItem(PLACE + name, JSON.stringify(value));
      } catch {}
    },
  };

  const MAC = /^([0-9a-f]{2}[:-]){5}[0-9a-f]{2}$/i;
  const IP = /^[0-9a-f.:]{3,45}$/i;
  const phone = {
    mac: MAC.test(query.get('mac') || '') ? query.get('mac') : null,
    ip: IP.test(query.get('ip') || '') ? query.get('ip') : null,
  };

  const webPage = (text) => {
    try {
      const url = new URL(text);
      return /^https?:$/.test(url.protocol) ? url : null;
    } catch {
      return null;
    }
  };
  const wanted = webPage(query.get('dst'));
  // Codes are only ever sent to the hotspot that this portal belongs to.
  const login = [webPage(query.get('login'))].find((url) => url && url.host === hotspot);

  // --- language -----------------------------------------------------------------------------------------------------

  const known = (tag) => (window.TEXTS[String(tag).slice(0, 2).toLowerCase()] ? String(tag).slice(0, 2).toLowerCase() : null);
  let language = known(query.get('lang')) || known(keep.get('language')) || (navigator.languages || []).map(known).find(Boolean) || 'es';
  const t = (name, values = {}) => window.TEXTS[language][name].replace(/\{(\w+)\}/g, (_, value) => values[value]);

  // --- the page -----------------------------------------------------------------------------------------------------

  // el('p.note', { attribute }, child, …); texts are only ever texts.
  function el(what, ...rest) {
    const [tag, ...classes] = what.split('.');
    const node = document.createElement(tag);
    node.className = classes.join(' ');
    for (const part of rest.flat()) {
      if (part === null || part === undefined || part === false) continue;
      if (typeof part === 'string' || part instanceof Node) node.append(part);
      else
        for (const [name, value] of Object.entries(part)) {
          if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
          else if (value === true) node.setAttribute(name, '');
          else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
        }
    }
    return node;
  }

  const button = (text, onclick, quiet) => el(quiet ? 'button.button.quiet' : 'button.button', { type: 'button', onclick }, text);
  const note = (kind, text) => el(`p.note.${kind}`, { role: kind === 'good' ? null : 'alert' }, text);

  let redraw = () => {};
  let timer = 0;

  // Shows a view; what an older view still waits for does not come back over it.
  let shown = 0;
  function show(view, ...nodes) {
    clearTimeout(timer);
    shown += 1;
    redraw = view;
    $('main').replaceChildren(...nodes.flat().filter(Boolean));
    const heading = $('main').querySelector('h1');
    $('status').textContent = heading ? heading.textContent : '';
    scrollTo(0, 0);
    return shown;
  }

  function drawHeader() {
    document.documentElement.lang = language;
    const company = place.company || window.PORTAL.company || 'Wi-Fi';
    $('company').textContent = company;
    document.title = company;
    $('languages').setAttribute('aria-label', 'Idioma / Language');
    $('languages').replaceChildren(
      ...Object.keys(window.TEXTS).map((code) =>
        el('button', {
          type: 'button',
          lang: code,
          title: window.TEXTS[code].name,
          'aria-label': window.TEXTS[code].name,
          'aria-current': code === language ? 'true' : null,
          onclick: () => {
            language = code;
            keep.set('language', code);
            drawHeader();
            redraw();
          },
        }, code),
      ),
    );
  }

  const waiting = (title, hint) => [el('div.wait', { 'aria-hidden': 'true' }), el('h1', { style: 'text-align:center' }, title), hint && el('p', { style: 'text-align:center' }, hint)];

  // --- the service --------------------------------------------------------------------------------------------------

  class Lost extends Error {}

  // { status, data, after }: what the service answered. Throws `Lost` where it did not.
  async function ask(method, path, body, more = {}) {
    const giveUp = new AbortController();
    const clock = setTimeout(() => giveUp.abort(), method === 'GET' ? 20_000 : 90_000);
    const headers = { 'X-API-Key': key, 'Accept-Language': language, ...more };
    if (body) headers['Content-Type'] = 'application/json';
    try {
      const answer = await fetch(api + path, { method, headers, body: body && JSON.stringify(body), signal: giveUp.signal, cache: 'no-store' });
      const data = await answer.json().catch(() => null);
      if (data === null) throw new Lost('no JSON');
      return { status: answer.status, data, after: Number(answer.headers.get('Retry-After')) || 0 };
    } catch (error) {
      throw error instanceof Lost ? error : new Lost(String(error));
    } finally {
      clearTimeout(clock);
    }
  }

  // The service's words for people, whatever their form.
  function words({ status, data }) {
    if (status === 401 || status === 403) return t('setup');
    if (typeof data.detail === 'string') return data.detail;
    if (Array.isArray(data.detail)) return data.detail.map((fault) => fault.msg).join(' ');
    return t('or');
  }

  const place = { company: '', gateways: [], plans: [], ready: false };

  async function loadPlace() {
    const [config, plans] = await Promise.all([ask('GET', '/api/v1/config/public'), ask('GET', '/api/v1/catalogo_perfiles_venta')]);
    for (const answer of [config, plans]) if (answer.status !== 200) throw Object.assign(new Error(words(answer)), { told: true });
    const { empresa } = config.data;
    place.company = empresa.nombre;
    place.gateways = [
      ['mercadopago', 'Mercado Pago', config.data.mercadopago_public_key || empresa.mercadopago_public_key],
      ['conekta', 'Conekta', config.data.conekta_public_key || empresa.conekta_public_key],
    ].filter(([, , publicKey]) => publicKey).map(([id, title, publicKey]) => ({ id, title, publicKey }));
    place.plans = plans.data;
    place.ready = true;
    drawHeader();
  }

  const price = (plan) => {
    try {
      return new Intl.NumberFormat(t('locale'), { style: 'currency', currency: plan.moneda }).format(plan.precio);
    } catch {
      return `${plan.precio} ${plan.moneda}`;
    }
  };

  // --- plans --------------------------------------------------------------------------------------------------------

  async function plansView(message) {
    const view = () => plansView(message);
    if (!place.ready) {
      const mine = show(view, waiting(t('loading')));
      try {
        await loadPlace();
      } catch (error) {
        if (mine === shown) show(view, note('bad', error.told ? error.message : t('offline')), button(t('again'), view));
        return;
      }
      if (mine !== shown) return;
    }
    const code = keep.get('code');
    show(
      view,
      message && note('care', message),
      el('h1', t('plans')),
      el('p', place.plans.length ? t('plansHint') : t('none')),
      el('ul.plans', place.plans.map((plan) => el('li', planCard(plan)))),
      el(
        'div.links',
        code && el('button', { type: 'button', onclick: () => comeBack(code) }, t('yours')),
        !code && el('button', { type: 'button', onclick: () => codeView() }, t('have')),
        recover && el('a', { href: recover }, t('lost')),
      ),
    );
  }

  const planCard = (plan) =>
    el(
      plan.destacado ? 'button.card.plan.best' : 'button.card.plan',
      { type: 'button', 'data-plan': plan.id, onclick: () => buyView(plan) },
      plan.destacado && el('span.tag', t('best')),
      el('b', plan.nombre_venta),
      el('span.price', price(plan)),
      plan.descripcion && el('small', plan.descripcion),
      plan.detalles.length > 0 &&
        el('ul.facts', plan.detalles.map(({ label, value, texto }) => el('li', label && `${label}: `, el('b', String(value ?? texto ?? ''))))),
    );

  // --- buying -------------------------------------------------------------------------------------------------------

  function buyView(plan, message) {
    const who = keep.get('who') || {};
    const input = (name, type, autocomplete, hint, needed) => {
      const field = el('input', { id: name, name, type, autocomplete, value: who[name] || '', required: needed, maxlength: '100' });
      return [el('label', { for: name }, t(name), ' ', hint && el('small', hint)), field, el('p.fault', { id: `${name}-fault`, hidden: true })];
    };
    // Some plans are sold by one gateway only.
    const gateways = place.gateways.filter(({ id }) => !plan.pasarelas || plan.pasarelas.includes(id));
    const slot = el('div');
    const pay = button(t('pay', { price: price(plan) }), () => {});
    pay.type = 'submit';
    const form = el(
      'form.card',
      { novalidate: true },
      el('p.total', el('span', plan.nombre_venta), el('b', price(plan))),
      input('buyerName', 'text', 'name', null, true),
      input('email', 'email', 'email', t('emailHint'), true),
      input('phone', 'tel', 'tel', t('optional'), false),
      gateways.length > 1 &&
        el('fieldset', el('legend', t('payWith')), gateways.map(({ id, title }, index) =>
          el('label.pick', el('input', { type: 'radio', name: 'gateway', value: id, checked: index === 0, onchange: () => choose(id) }), title))),
      phone.mac && el('label.check', el('input', { type: 'checkbox', name: 'online', checked: true }), t('online')),
      el('fieldset', el('legend', t('card')), slot),
      el('p.fault', { id: 'card-fault', role: 'alert', hidden: true }),
      pay,
    );
    show(
      () => buyView(plan),
      el('div.narrow', el('button.back', { type: 'button', onclick: () => plansView() }, t('back')), message && note('bad', message), el('h1', t('buy')), form),
    );

    let current = null;
    async function choose(id) {
      const gateway = gateways.find((one) => one.id === id);
      const box = el('div.slot', el('small', t('loading')));
      slot.replaceChildren(box);
      pay.hidden = true;
      cardFault('');
      current = null;
      const inner = el('div');
      try {
        box.append(inner);
        const opened = await window.CARDS[id](inner, {
          publicKey: gateway.publicKey,
          language,
          locale: t('locale'),
          texts: {
            number: t('number'),
            expiry: t('expiry'),
            cvc: t('cvc'),
            documentKind: t('documentKind'),
            documentNumber: t('documentNumber'),
            needDocument: t('needDocument'),
          },
          // A field of the slot says itself what is wrong with it.
          onFault: () => {
            if (box.isConnected) pay.disabled = false;
          },
          onError: (text) => {
            if (!box.isConnected) return;
            pay.disabled = false;
            cardFault(text || t('cardFault'));
          },
          onToken: (token) => {
            if (!box.isConnected) return;
            // A frame with a button of its own may be quicker than the form.
            if (!check()) {
              choose(id);
              return cardFault(t('fill'));
            }
            start(plan, gateway, token, form);
          },
        });
        if (!box.isConnected) return;
        box.querySelector('small').remove();
        current = opened;
        pay.hidden = !opened.submit;
      } catch {
        if (box.isConnected) box.replaceChildren(note('bad', t('scriptFault')), button(t('again'), () => choose(id), true));
      }
    }

    function cardFault(text) {
      const box = $('card-fault');
      box.textContent = text;
      box.hidden = !text;
    }

    function check() {
      const faults = {
        buyerName: form.buyerName.value.trim() ? '' : t('needName'),
        email: /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(form.email.value.trim()) ? '' : t('needEmail'),
      };
      let first = null;
      for (const [name, text] of Object.entries(faults)) {
        const field = form[name];
        $(`${name}-fault`).textContent = text;
        $(`${name}-fault`).hidden = !text;
        field.setAttribute('aria-invalid', text ? 'true' : 'false');
        field.setAttribute('aria-describedby', `${name}-fault`);
        if (text) first ||= field;
      }
      if (first) first.focus();
      return !first;
    }

    form.addEventListener('submit', (event) => {
      event.preventDefault();
      cardFault('');
      if (!check() || !current || !current.submit) return;
      pay.disabled = true;
      current.submit(form.buyerName.value.trim());
    });
    if (gateways.length) choose(gateways[0].id);
    else {
      slot.replaceChildren(note('care', t('noGateway')));
      pay.hidden = true;
    }
  }

  // An attempt is written down before it is made: after a reload, or a lost answer, the same attempt is asked about.
  function start(plan, gateway, token, form) {
    const who = { buyerName: form.buyerName.value.trim(), email: form.email.value.trim(), phone: form.phone.value.trim() };
    keep.set('who', who);
    const online = Boolean(form.online && form.online.checked);
    const body = {
      producto_id: plan.id,
      nombre_cliente: who.buyerName,
      email_cliente: who.email,
      telefono_cliente: who.phone || null,
      tipo_usuario: 'usuario_contrasena',
      mac_cliente: phone.mac,
      ip_cliente: phone.ip,
      conexion_automatica: online,
      ...token,
    };
    const isConekta = gateway.id === 'conekta';
    if (!isConekta) body.monto = plan.precio;
    const path = isConekta ? '/api/v1/payments/pagar-conekta' : '/api/v1/payments/pagar-mercado-pago';
    const attempt = { key: randomKey(), path, body, plan, at: Date.now() };
    keep.set('attempt', attempt);
    payView(attempt);
  }

  const randomKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');

  async function payView(attempt, tries = 0, message = '') {
    const view = () => payView(attempt, tries, message);
    const mine = show(
      view,
      el(
        'div.narrow',
        waiting(tries ? t('unsure') : t('paying'), tries ? t('unsureHint') : t('payingHint')),
        message && note('care', message),
        // Nobody is held here for ever; the attempt stays until another one takes its place.
        tries > 3 && button(t('back'), () => plansView(), true),
      ),
    );
    const later = (seconds, text) => {
      if (mine === shown) timer = setTimeout(() => payView(attempt, tries + 1, text), seconds * 1000);
    };
    let answer;
    try {
      answer = await ask('POST', attempt.path, attempt.body, { 'Idempotency-Key': attempt.key });
    } catch {
      return later(Math.min(30, 3 + 3 * tries), '');
    }
    if (mine !== shown) return;
    const { status, data, after } = answer;
    if (status === 200) return sold(attempt, data);
    // Nobody knows yet, or not now: the card may be charged, so the same attempt is asked about again until it is told.
    const again = status === 429 || status >= 500;
    if (again) return later(after || Math.min(30, 3 + 3 * tries), words(answer));
    keep.set('attempt', null);
    refusedView(attempt.plan, words(answer));
  }

  function refusedView(plan, text) {
    show(
      () => refusedView(plan, text),
      el('div.narrow', el('h1', t('refused')), note('bad', text), el('p', t('refusedHint')), button(t('again'), () => buyView(plan)), button(t('back'), () => plansView(), true)),
    );
  }

  function sold(attempt, data) {
    const { usuario, contrasena } = data.usuario_hotspot;
    if (!usuario) return pendingView(attempt, data.id_transaccion);
    const code = { username: usuario, password: contrasena, mac: phone.mac, plan: data.producto.nombre };
    keep.set('code', code);
    keep.set('attempt', null);
    const { estado, mensaje } = data.auto_conexion;
    if (estado === 'conectado') return onlineView(code);
    readyView(code, data.advertencia || mensaje);
  }

  // Asks about the payment until it is decided; the answer to the same attempt then holds the code.
  function pendingView(attempt, id, looks = 0) {
    const mine = show(() => pendingView(attempt, id, looks), el('div.narrow', waiting(t('pending'), t('pendingHint')), looks > 3 && button(t('back'), () => plansView(), true)));
    const pause = Math.min(30, 4 + looks) * 1000;
    const look = async () => {
      let decided = false;
      try {
        const { status, data } = await ask('GET', `/api/v1/payments/estado-pago/${encodeURIComponent(id)}`);
        decided = status === 200 ? !/^(pending|in_process|pending_payment|authorized|in_mediation)$/.test(data.status) : looks % 5 === 4;
      } catch {}
      if (mine !== shown) return;
      looks += 1;
      if (decided) payView(attempt, 1);
      else timer = setTimeout(look, pause);
    };
    timer = setTimeout(look, pause);
  }

  // --- codes --------------------------------------------------------------------------------------------------------

  function codeCard(code) {
    const line = (name, value) => {
      const copy = el('button.copy', { type: 'button', 'aria-label': `${t('copy')}: ${t(name)}`, onclick: () => copyText(value, copy) }, t('copy'));
      return el('div.code', el('span', el('small', t(name)), el('output', { 'data-code': name }, value)), copy);
    };
    const lines = code.password ? [line('user', code.username), line('password', code.password)] : [line('pin', code.username)];
    return el('section.card', { 'aria-label': t('yours') }, el('b', code.plan || t('yours')), lines, el('p.small', t('yoursHint')));
  }

  // Pages without TLS have no clipboard of their own.
  async function copyText(text, copy) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = el('textarea.unseen', { 'aria-hidden': 'true' });
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand('copy');
      area.remove();
      copy.focus();
    }
    copy.textContent = t('copied');
    setTimeout(() => (copy.textContent = t('copy')), 2000);
  }

  const loginForm = (code) =>
    login &&
    el(
      'form',
      { method: 'post', action: login.href },
      el('input', { type: 'hidden', name: 'username', value: code.username }),
      el('input', { type: 'hidden', name: 'password', value: code.password }),
      wanted && el('input', { type: 'hidden', name: 'dst', value: wanted.href }),
      el('button.button.quiet', t('enter')),
    );

  function onlineView(code) {
    show(
      () => onlineView(code),
      el(
        'div.narrow',
        el('h1', t('isOnline')),
        note('good', t('isOnlineHint')),
        codeCard(code),
        wanted && el('a.button', { href: wanted.href, rel: 'noreferrer' }, t('go', { host: wanted.host })),
        el('div.links', el('button', { type: 'button', onclick: () => plansView() }, t('another'))),
      ),
    );
  }

  // The code is good and this phone is not in.
  function readyView(code, message) {
    show(
      () => readyView(code, message),
      el(
        'div.narrow',
        el('h1', t('notYet')),
        note('care', message || t('notYetHint')),
        codeCard(code),
        phone.mac && button(t('connect'), () => comeBack(code)),
        loginForm(code),
        el('div.links', el('button', { type: 'button', onclick: () => plansView() }, t('another'))),
      ),
    );
  }

  // Nobody could say whether the code is good: it is kept, and asked about again.
  function awayView(code, message, tries) {
    show(
      () => awayView(code, message, tries),
      el(
        'div.narrow',
        el('h1', t('away')),
        note('care', message || t('awayHint')),
        codeCard(code),
        button(t('again'), () => comeBack(code, tries + 1)),
        loginForm(code),
        el('div.links', el('button', { type: 'button', onclick: () => plansView() }, t('another'))),
      ),
    );
    timer = setTimeout(() => comeBack(code, tries + 1), Math.min(60, 10 + 5 * tries) * 1000);
  }

  async function comeBack(code, tries = 0) {
    if (!phone.mac) return readyView(code);
    const mine = show(() => comeBack(code, tries), el('div.narrow', waiting(t('connecting'))));
    const body = { username: code.username, password: code.password, stored_mac: code.mac, current_mac: phone.mac, current_ip: phone.ip, current_ssid: query.get('ssid') };
    let answer;
    try {
      answer = await ask('POST', '/api/v1/hotspot/auto-reconnect', body);
    } catch {
      if (mine === shown) awayView(code, t('awayHint'), tries);
      return;
    }
    if (mine !== shown) return;
    const { status, data } = answer;
    if (status !== 200) return awayView(code, words(answer), tries);
    if (data.auto_conexion === 'conectado') {
      const now = remember(code);
      return onlineView(now);
    }
    if (data.estado === 'expirado') {
      // Only the router says so, and only then the code goes.
      if (code.typed) return codeView(t('wrong'));
      keep.set('code', null);
      return plansView(t('expired'));
    }
    if (data.estado === 'activo') return readyView(remember(code), data.mensaje);
    if (code.typed) return codeView(data.mensaje || t('wrong'));
    awayView(code, data.mensaje, tries);
  }

  // A code that the router knows, with the MAC that this phone has now.
  function remember({ typed, ...code }) {
    const now = { ...code, mac: phone.mac };
    keep.set('code', now);
    return now;
  }

  // For a code that came by mail, or from another device.
  function codeView(message) {
    const field = (name, needed) => [el('label', { for: name }, t(name), ' ', !needed && el('small', t('optional'))), el('input', { id: name, name, type: 'text', autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false', required: needed, maxlength: '64' })];
    const form = el('form.card', field('user', true), field('password', false), el('button.button', t('connect')));
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const username = form.user.value.trim();
      if (username) comeBack({ username, password: form.password.value.trim(), mac: null, plan: '', typed: true });
    });
    show(() => codeView(message), el('div.narrow', el('button.back', { type: 'button', onclick: () => plansView() }, t('back')), message && note('bad', message), el('h1', t('have')), form));
  }

  // --- arriving -----------------------------------------------------------------------------------------------------

  const ATTEMPT_LIVES_MS = 3 * 3600 * 1000;
  drawHeader();
  const attempt = keep.get('attempt');
  const code = keep.get('code');
  // What the header says of the company is not worth waiting for.
  if (attempt || code) loadPlace().catch(() => {});
  if (attempt && Date.now() - attempt.at < ATTEMPT_LIVES_MS) payView(attempt, 1);
  else if (code) comeBack(code);
  else plansView();
})();
