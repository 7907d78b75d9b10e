# Lo que lee el operador: qué pasó y, con «-do», qué hacer. Los cuatro archivos tienen las mismas claves y los
# mismos valores. Las palabras ajenas entre comillas quedan como están.

## El dinero
wrong-amount = El comprador pagó { $paid }; el precio es de { $price }.
wrong-amount-do = Si acepta este pago, ejecute «{ $retry }» y el comprador recibirá su código. Si no, reembólselo en el panel de { $gateway }.
wrong-currency = El comprador pagó { $paid-code }; el precio es de { $price-code }. No es la misma moneda.
wrong-currency-do = { wrong-amount-do }
amount-unknown = { $gateway } anuncia un pago sin decir de cuánto.
amount-unknown-do = Compruebe el importe en el panel de { $gateway }. Si es correcto, ejecute «{ $retry }» y el comprador recibirá su código. Si no, reembólselo.
sandbox-on-live-account = { $gateway } anuncia un pago de prueba (sandbox) en la cuenta real «{ $account }». No se pagó dinero real.
sandbox-on-live-account-do = No entregue ningún código; no hay nada que reembolsar. Compruebe en site.toml que esta cuenta tiene sus claves reales (live) y no las de prueba.
sandbox-for-live-plan = Llegó un pago de prueba (sandbox) por la cuenta «{ $account }» para un plan que se vende con dinero real. No se pagó dinero real.
sandbox-for-live-plan-do = No entregue ningún código; no hay nada que reembolsar. Para hacer pruebas, cree en site.toml un plan que solo venda esta cuenta (ajuste «accounts»).
unusable-params = { $faults ->
    [one] El pago es correcto, pero un ajuste del webhook no se puede usar.
   *[other] El pago es correcto, pero algunos ajustes del webhook no se pueden usar.
}
unusable-params-do = Corrija el webhook en el panel de { $gateway } y luego ejecute «{ $retry }»: el pedido seguirá con los ajustes del hotspot.
paid-twice = El comprador pagó dos veces: pagos «{ $first }» y «{ $second }» en { $gateway }. Solo le corresponde un código.
paid-twice-do = Devuelva uno de los dos pagos: «{ $refund } --payment { $second }».
payment-disputed = Este pago está en disputa. { $gateway } decidirá a quién le corresponde el dinero.
payment-disputed-do = Responda a la disputa en el panel de { $gateway }. Si el comprador aún no tiene su código y el dinero queda para usted, ejecute «{ $retry }».
partly-refunded = Una parte de este pago se reembolsó en { $gateway }.
partly-refunded-do = Compruebe ese reembolso en el panel de { $gateway }. Si el comprador aún no tiene su código y el resto le basta, ejecute «{ $retry }».
charged-back = El banco del comprador retiró el dinero de este pago en { $gateway }. El código ya no funciona.
charged-back-do = Si no está de acuerdo, impúgnelo en el panel de { $gateway }. En todo caso, el código sigue desactivado.
chargeback-won = { $gateway } resolvió un contracargo a su favor: el dinero de este pago vuelve a ser suyo. El código sigue desactivado.
chargeback-won-do = Si el comprador debe continuar, active su usuario en el router. «{ $show } --voucher» dice cuál es.
refund-refused = { $gateway } no devuelve { $paid } (pago «{ $payment }»). Su respuesta: «{ $words }».
refund-refused-do = Devuelva el dinero en el panel de { $gateway } y ejecute «{ $refunded }». «{ $refund } --yes» se lo pide otra vez a { $gateway }; «{ $retry }» entrega un pedido retenido.
refund-held-up = { $paid } todavía no se puede devolver: { $gateway } rechaza la cuenta «{ $account }». Su respuesta: «{ $words }».
refund-held-up-do = Corrija las claves de esta cuenta en site.toml y aplíquelo. La devolución sigue después por sí sola.
refund-awaits-router = Este pedido no se entregó a tiempo. { $paid } vuelve al comprador en cuanto el router responda y su usuario quede retirado.
refund-awaits-router-do = «{ $refund } --yes» devuelve el dinero sin esperar al router; «{ $retry }» entrega el pedido en su lugar.
paid-after-chargeback = El banco del comprador retiró este pago antes de que comprara nada; ahora { $gateway } dice que está pagado.
paid-after-chargeback-do = Compruebe en el panel de { $gateway } de quién es el dinero. Si es suyo, ejecute «{ $retry }» y el comprador recibirá su código.
refund-still-open = { $paid } (pago «{ $payment }») debe devolverse desde hace { $days ->
    [one] un día
   *[other] { $days } días
} y todavía no se ha devuelto. { $standing ->
    [wished] Aún no se ha pedido a { $gateway }.
    [pending] { $gateway } aceptó el reembolso y no lo ha terminado.
    [by_hand] Depende de usted: { $gateway } no devuelve nada por sí solo.
   *[other] Se pidió a { $gateway }; no se sabe qué ha sido de ello.
}
refund-still-open-do = «{ $show }» dice qué falta. Si devuelve el dinero en el panel de { $gateway }, ejecute después «{ $refunded } --payment { $payment }».

## El hotspot y el router
hotspot-gone = Llegó un pago, pero el hotspot «{ $hotspot }» ya no está en site.toml.
hotspot-gone-do = Vuelva a ponerlo en site.toml, ejecute «mikrelay apply site.toml» y luego «{ $retry }».
router-without-login = A mikrelay le faltan el usuario y la contraseña del router «{ $router }».
router-without-login-do = Añada «user» y «password» a este router en site.toml y ejecute «mikrelay apply site.toml». El pedido seguirá solo.
profile-missing = El router «{ $router }» no conoce el perfil «{ $profile }».
profile-missing-do = Cree un perfil con ese nombre exacto en Winbox (IP → Hotspot → User Profiles): el pedido seguirá solo. Si el nombre está mal, corrija también el plan en site.toml para las próximas ventas.
server-missing = El router «{ $router }» no tiene ningún servidor hotspot llamado «{ $server }».
server-missing-do = Ponga en site.toml, en el ajuste «name» del hotspot, el nombre exacto del servidor (Winbox: IP → Hotspot → Servers) y ejecute «mikrelay apply site.toml». El pedido seguirá solo.
callback-server-missing = El webhook pide el servidor hotspot «{ $server }» (ajuste «mikserver»), que el router «{ $router }» no tiene.
callback-server-missing-do = Corrija o quite «mikserver» en el webhook y luego ejecute «{ $retry }»: el pedido seguirá con el servidor del hotspot, «{ $own }».
router-login-refused = El router «{ $router }» rechaza la conexión de mikrelay. Su respuesta: «{ $words }».
router-login-refused-do = Compare «user» y «password» de este router en site.toml con el usuario del router (Winbox: System → Users). Si cambia site.toml, ejecute «mikrelay apply site.toml». El pedido seguirá solo.
router-rights-missing = El router «{ $router }» rechaza la orden: al usuario de mikrelay le faltan permisos.
router-rights-missing-do = Dé a su grupo los permisos «api», «read» y «write» (Winbox: System → Users → Groups). El pedido seguirá solo.
router-address-unusable = La dirección del router «{ $router }» no se puede usar: «{ $address }».
router-address-unusable-do = Escríbala en site.toml con la forma «host:puerto» y ejecute «mikrelay apply site.toml». El pedido seguirá solo.
router-tls-fails = La conexión cifrada con el router «{ $router }» falla: «{ $words }».
router-tls-fails-do = Revise el certificado del servicio «api-ssl» (Winbox: IP → Services) y el ajuste «tls» del router en site.toml. El pedido seguirá solo.
router-not-speaking-api = Lo que responde en la dirección del router «{ $router }» no habla la API de RouterOS: «{ $words }».
router-not-speaking-api-do = Revise la dirección y el puerto en site.toml (8728, u 8729 con TLS) y el servicio «api» del router (Winbox: IP → Services). El pedido seguirá solo.
router-refuses = El router «{ $router }» se niega a crear el código. Su respuesta: «{ $words }».
router-refuses-do = Corrija la causa en el router: el pedido seguirá solo. «{ $retry }» lo intenta enseguida.
sale-record-refused = La venta está hecha; solo falta su línea en los informes de Mikhmon: el router «{ $router }» no la acepta. Su respuesta: «{ $words }».
sale-record-refused-do = Dé al grupo del usuario de mikrelay el permiso «write», y «policy» si no basta (Winbox: System → Users → Groups); se intenta de nuevo durante tres días. O ponga «mikhmon_records = false» en site.toml.
value-unsendable = El valor «{ $field }» contiene un carácter que no se puede escribir en el router «{ $router }».
value-unsendable-do = Corrija ese valor en site.toml (letras sin acentos, cifras, signos sencillos) y ejecute «mikrelay apply site.toml» y «{ $retry }».
router-answer-incomplete = La respuesta del router «{ $router }» a «{ $command }» está incompleta: falta «{ $property }».
router-answer-incomplete-do = Revise este router con «mikrelay router test { $router }» y actualice RouterOS. El pedido seguirá solo.

## La pasarela de pago
gateway-silent = { $gateway } no dio una respuesta utilizable: «{ $words }».
gateway-silent-do = El comprador puede intentarlo de nuevo. Si continúa, revise el estado de { $gateway } y la conexión de este servidor.
account-refused = { $gateway } rechaza la cuenta «{ $account }»: «{ $words }».
account-refused-do = Revise las claves de esta cuenta en site.toml y su estado en el panel de { $gateway }. Después el comprador tendrá que empezar de nuevo.
request-refused = { $gateway } rechaza esta solicitud de pago: «{ $words }».
request-refused-do = Corrija lo que indica la respuesta, por ejemplo el precio del plan. Después el comprador tendrá que empezar de nuevo.
declined = { $gateway } rechazó el pago: «{ $words }».
declined-do = Usted no tiene que hacer nada: el comprador puede empezar de nuevo.

rule-broken-whole-amounts = { $gateway } solo acepta importes enteros; el precio es de { $price }.
rule-broken-whole-amounts-do = Cambie el precio del plan en site.toml o véndalo con otra cuenta.
rule-broken-at-least = { $gateway } no acepta menos de { $least }; el precio es de { $price }.
rule-broken-at-least-do = { rule-broken-whole-amounts-do }
rule-broken-between = { $gateway } solo acepta importes de { $least } a { $most }; el precio es de { $price }.
rule-broken-between-do = { rule-broken-whole-amounts-do }
rule-broken-multiples-of = { $gateway } solo acepta múltiplos de { $step }; el precio es de { $price }.
rule-broken-multiples-of-do = { rule-broken-whole-amounts-do }
rule-broken-currencies = { $gateway } solo acepta estas monedas: { $codes }. El precio es de { $price-code }.
rule-broken-currencies-do = { rule-broken-whole-amounts-do }
rule-broken-address-length = { $gateway } no acepta direcciones de más de { $max } caracteres; las de este hotspot son más largas.
rule-broken-address-length-do = Acorte «public_url» en mikrelay.toml o el «label» del hotspot en site.toml.

## Lo demás
unexplained = Este pedido necesita su atención.
unexplained-do = «{ $show }» muestra toda su historia; «{ $retry }» lo intenta de nuevo cuando la causa esté corregida.
other-do = { unexplained-do }

## Los ajustes mik… de un webhook
fault-too-long = «{ $name }» tiene más de { $max } bytes: escriba un valor más corto.
fault-control-character = «{ $name }» contiene un carácter invisible, por ejemplo un salto de línea: escriba el valor de nuevo.
fault-unexpanded = «{ $name }» vale «{ $value }», que solo las páginas del router sustituyen: escriba el valor mismo.
fault-not-utf8 = «{ $name }» no es texto UTF-8: escriba el valor de nuevo.
fault-broken-percent = «{ $name }» tiene un «%» sin dos cifras hexadecimales detrás: escriba «%25» en lugar de «%».
fault-two-headers = «{ $name }» está en más de una cabecera: deje solo una.
fault-two-values = «{ $name }» tiene varios valores distintos: deje solo uno.
fault-too-many = La dirección del webhook tiene más de { $max } parámetros: deje solo los que empiezan por «mik».
fault-user-mode = «{ $name }» vale «{ $value }»: escriba «vc», «up» o «pin».
fault-length = «{ $name }» vale «{ $value }»: escriba un número de { $min } a { $max }.
fault-alphabet = «{ $name }» vale «{ $value }»: escriba «lower», «upper», «upplow», «mix», «mix1» o «mix2».
fault-prefix = «{ $name }» vale «{ $value }»: escriba como máximo { $max } letras y cifras, con un solo guion como máximo.
fault-email = «{ $name }» vale «{ $value }»: escriba una sola dirección de correo, por ejemplo «nombre@example.com».
fault-currency = «{ $name }» vale «{ $value }»: escriba «FCFA» o un código ISO, por ejemplo «XOF».
fault-access-uuid = «{ $name }» no es un UUID de acceso: copie el «access_uuid» del router de site.toml.
fault-dns-name = «{ $name }» vale «{ $value }»: escriba el nombre DNS del hotspot, por ejemplo «wifi.example.net», sin «http://» ni «/».
fault-port = «{ $name }» vale «{ $value }»: después de los dos puntos, escriba un puerto de 1 a 65535, o nada.
fault-server = «{ $name }» vale «{ $value }»: escriba el nombre del servidor hotspot del router, como máximo { $max } caracteres sin acentos.
fault-other = «{ $name }»: { $sentence }
