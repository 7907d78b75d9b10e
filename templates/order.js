// Makes the order page live, lets the code be copied, keeps a button from being pressed twice, and says so
// when a gateway's own button does not come.
// Written for old captive browsers; without it the pages work all the same.
(function () {
  'use strict';
  var page = document.getElementById('order');
  if (page && page.getAttribute('data-wait')) watch(page);
  each('.copy', offerCopy);
  each('form', pressOnce);
  each('form.gateway', expectButton);

  // Loads the page again when it would look different.
  function watch(page) {
    var version = page.getAttribute('data-version');
    var wait = Number(page.getAttribute('data-wait'));
    // Just after paying, news comes within a second or two; a page that was left open needs no hurry. A refused card may
    // have been followed by one that paid on the same page of the gateway, and its word is still on the way.
    var quick = wait > 5 ? 3 : 20;
    var timer = setTimeout(look, wait > 5 ? 2000 : 700);
    document.addEventListener('visibilitychange', function () {
      if (!document.hidden) { clearTimeout(timer); look(); }
    });
    function look() {
      var request = new XMLHttpRequest();
      request.open('GET', page.getAttribute('data-state'));
      request.timeout = 15000;
      request.onloadend = function () {
        var pause = wait * 2;
        if (request.status === 404) return;
        if (request.status === 200) {
          var state = JSON.parse(request.responseText);
          if (state.version !== version) { location.reload(); return; }
          if (state.wait_s === null) return;
          pause = quick-- > 0 ? (wait > 5 ? 2 : 1) : state.wait_s;
        }
        clearTimeout(timer);
        timer = setTimeout(look, pause * 1000);
      };
      request.send();
    }
  }

  function offerCopy(button) {
    var codes = button.parentNode.getElementsByTagName('output');
    button.hidden = false;
    button.onclick = function () {
      var texts = [];
      for (var i = 0; i < codes.length; i++) texts.push(codes[i].textContent);
      copy(texts.join('\n'), function () { button.textContent = button.getAttribute('data-copied'); });
    };
  }

  function copy(text, done) {
    if (navigator.clipboard && window.isSecureContext) {
      navigator.clipboard.writeText(text).then(done, function () { copyByHand(text, done); });
    } else copyByHand(text, done);
  }

  function copyByHand(text, done) {
    var area = document.createElement('textarea');
    area.value = text;
    document.body.appendChild(area);
    area.select();
    if (document.execCommand('copy')) done();
    document.body.removeChild(area);
  }

  function pressOnce(form) {
    var button = form.querySelector('button[type=submit]');
    if (!button) return;
    form.addEventListener('submit', function () { setTimeout(function () { button.disabled = true; }, 0); });
    // A page that comes back from the browser's memory must be usable again.
    window.addEventListener('pageshow', function () { button.disabled = false; });
  }

  // The gateway's script puts its button into the form, unless its host cannot be reached from here.
  function expectButton(form) {
    setTimeout(function () {
      if (!form.querySelector('button,a,iframe,input')) document.querySelector('.missing').hidden = false;
    }, 4000);
  }

  function each(selector, act) {
    var found = document.querySelectorAll(selector);
    for (var i = 0; i < found.length; i++) act(found[i]);
  }
})();
