(function () {
var form = document.forms.login, user = form.username, pass = form.password;
form.onsubmit = function () {
  var typed = pass.value, word;
  user.value = user.value.trim();
  word = typed{{ " || user.value" if page.mode == "vc" }};
  pass.value = $(if chap-id)md5('$(chap-id)' + word + '$(chap-challenge)')$(else)word$(endif);
  setTimeout(function () { pass.value = typed; }, 0);
};
$(if chap-id)
function md5(s) {
  var k = [], w = [], h = [1732584193, -271733879, -1732584194, 271733878], n = s.length,
    r = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21], out = '', i, g, f, m, q, a, b, c, d;
  for (i = 0; i < 64;) k[i] = Math.abs(Math.sin(++i)) * 4294967296 | 0;
  for (i = 0; i < n; i++) w[i >> 2] |= (s.charCodeAt(i) & 255) << i % 4 * 8;
  w[n >> 2] |= 128 << n % 4 * 8;
  m = (n + 8 >> 6) * 16 + 16;
  w[m - 2] = n * 8;
  for (i = 0; i < m; i += 16) {
    a = h[0]; b = h[1]; c = h[2]; d = h[3];
    for (g = 0; g < 64; g++) {
      f = g < 16 ? b & c | ~b & d : g < 32 ? d & b | ~d & c : g < 48 ? b ^ c ^ d : c ^ (b | ~d);
      f = f + a + k[g] + (w[i + (g < 16 ? g : g < 32 ? 5 * g + 1 : g < 48 ? 3 * g + 5 : 7 * g) % 16] | 0) | 0;
      q = r[(g >> 4) * 4 + g % 4];
      a = d; d = c; c = b;
      b = b + (f << q | f >>> 32 - q) | 0;
    }
    h[0] = h[0] + a | 0; h[1] = h[1] + b | 0; h[2] = h[2] + c | 0; h[3] = h[3] + d | 0;
  }
  for (i = 0; i < 16; i++) { q = h[i >> 2] >>> i % 4 * 8 & 255; out += (q < 16 ? '0' : '') + q.toString(16); }
  return out;
}
$(endif)
})();
