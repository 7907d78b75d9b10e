# Textos para los compradores. Los cuatro archivos tienen las mismas claves y los mismos argumentos (una prueba lo comprueba).

## En todas partes
languages = Idioma
recover-link = ¿Ya pagó? Recuperar mi código

time-days = { $n ->
    [one] { $n } día
   *[other] { $n } días
}
time-hours = { $n } h
time-minutes = { $n } min
time-seconds = { $n } s
data-gib = { $n } GB
data-mib = { $n } MB
data-kib = { $n } KB
data-bytes = { $n } bytes

## Página de compra
buy-eyebrow = Acceso wifi
buy-time = Tiempo de conexión
buy-data = Datos
buy-data-free = sin límite
buy-price-differs = El precio cambió desde que se creó este enlace. El precio que ve aquí es el correcto.
buy-how-redirect = Paga en la página segura de { $gateway } y después vuelve aquí.
buy-how-script = Paga en la ventana segura de { $gateway }.
buy-how-phone = Llega una solicitud de pago a su teléfono. Confírmela con su clave secreta.
buy-choose = ¿Cómo quiere pagar?
buy-choice-page = Dinero móvil o tarjeta
buy-choice-phone = Dinero móvil
buy-choice-phone-by = Con su número, por { $gateway }
buy-choice-page-by = En la página de { $gateway }
buy-phone = Número de dinero móvil
buy-phone-hint = El número que paga.
buy-network = Operador
buy-network-auto = Según el número
buy-otp = Código de un solo uso (OTP)
buy-otp-hint = Lo pide { $networks }. Su operador se lo da.
buy-otp-dial = Marque { $code } para recibirlo.
buy-email = Correo electrónico (opcional)
buy-email-hint = Para recibir el código también por correo.
buy-button = Pagar { $price }
buy-after-device = Después del pago verá su código y su dispositivo se conectará solo.
buy-after-code = Después del pago verá su código aquí.
buy-unexpanded = Para el operador: el enlace contiene { $names } sin reemplazar. Este enlace debe estar en login.html, en el router. La venta sigue siendo posible; el comprador escribirá su código.

field-error = Revise el formulario
field-phone = No se reconoce este número. Escríbalo completo, por ejemplo con el prefijo del país.
field-network = Elija su operador.
field-otp = Escriba el código de un solo uso de su operador.
field-email = Esta dirección de correo no es válida.
field-account = Elija un medio de pago.
field-other = Falta un valor o no es válido.

## Página del pedido
order-summary = Resumen
order-plan = Plan
order-price = Precio
order-reference = Referencia
order-reference-keep = Guarde esta referencia: con ella recupera su código.
order-step-pay = Pago
order-step-access = Acceso
order-step-online = En línea
order-steps = Avance
order-live = Esta página se actualiza sola.
order-refresh = Actualizar
order-waiting-title = Esperando el pago
order-waiting-phone = Se envió una solicitud de pago al número que termina en { $digits }. Confírmela con su clave secreta.
order-waiting-open = Termine el pago en la página de { $gateway }. ¿Ya pagó? No pague otra vez: esta página cambia en cuanto { $gateway } lo confirme.
order-waiting-script = Pulse el botón: se abre la ventana de pago de { $gateway }.
order-waiting-nothing = Esperamos la respuesta de { $gateway }.
order-open-button = Abrir la página de pago
order-till-title = Pague con este número
order-till-cash = Vaya a { $store } y dicte este número en la caja.
order-till-store = Vaya a una tienda y dicte este número en la caja.
order-till-transfer = Transfiera el monto a esta cuenta desde la app de su banco.
order-till-number = Número de pago
order-till-account = Número de cuenta (CLABE)
order-till-amount = Monto exacto
order-till-bank = Banco
order-till-until = Pague antes de
order-till-barcode = Ver el código de barras
order-till-later = Su código llega solo cuando se confirma el pago, incluso días después y con esta página cerrada.
order-till-return = Para volver, guarde la dirección de esta página, o use la referencia de abajo y el monto:
order-script-needed = Este pago necesita JavaScript. Copie la dirección de esta página y ábrala en Chrome, Firefox o Safari.
order-script-missing = No se pudo cargar el botón de pago. Actualice la página; si sigue igual, avise al operador.
order-script-button = Pagar { $price }
order-try-title = { $gateway } no responde
order-try-text = El pago no pudo empezar. Inténtelo de nuevo en un momento.
order-try-button = Intentar de nuevo
order-paid-title = Pago recibido
order-paid-text = Estamos creando su acceso. Tarda unos segundos.
order-paid-slow = El router wifi todavía no responde. Su acceso se creará en cuanto responda. No pague otra vez.
order-stuck-text = Su pago está registrado. El operador ya fue avisado y debe terminar de crear su acceso. No pague otra vez.
order-ready-title = Su código está listo
order-online-title = Está en línea
order-connecting = Conectando su dispositivo…
order-code = Su código
order-user = Nombre de usuario
order-password = Contraseña
order-copy = Copiar
order-copied = Copiado
order-code-keep = Anote este código: lo vuelve a conectar si esta ventana se cierra.
order-login-button = Conectarse al wifi
order-login-hint = Siga conectado al wifi de { $company }.
order-login-manual = Escriba este código en la página de acceso del wifi.
order-continue-button = Continuar
order-link-paid-text = Gracias. Su pago está completo.
order-link-for = Pago de
order-link-back-button = Volver a la tienda
order-failed-title = El pago no se completó
order-cancelled-title = Pago cancelado
order-expired-title = Pasó el tiempo para pagar
order-failed-reason = Respuesta de { $gateway }:
order-failed-balance = Compruebe su saldo y su límite de dinero móvil, y vuelva a intentarlo.
order-decline-funds = No hay suficiente dinero para este pago. Use otra tarjeta u otra forma de pago.
order-decline-details = Los datos de la tarjeta no fueron aceptados. Revise el número, la fecha y el código de seguridad, y vuelva a intentarlo.
order-decline-bank = Su banco debe autorizar este pago. Llámelo, o use otra tarjeta.
order-decline-card = Esta tarjeta no se puede usar aquí. Use otra tarjeta u otra forma de pago.
order-decline-risk = El pago fue rechazado por seguridad. Use otra forma de pago, por ejemplo efectivo.
order-decline-often = Esta tarjeta se intentó demasiadas veces. Use otra tarjeta, o vuelva a intentarlo más tarde.
order-decline-twice = Hace un momento se hizo el mismo pago. Mire si se completó antes de pagar otra vez.
order-decline-challenge = La confirmación de su banco no se completó. Vuelva a intentarlo y confirme el pago en la página del banco.
order-decline-other = La tarjeta fue rechazada sin dar un motivo. Use otra tarjeta u otra forma de pago.
order-late-money = Si aun así le cobraron, guarde esta referencia: el acceso se crea en cuanto se confirme el pago.
order-retry-button = Intentar de nuevo
order-held-title = Pago por revisar
order-held-text = El pago recibido no corresponde a esta compra. El operador ya fue avisado: dele la referencia de abajo.
order-refunding-title = Su dinero está en camino de vuelta
order-refunding-text = Este acceso no pudo entregarse a tiempo, o se pidió su devolución. El operador le devuelve el pago: guarde la referencia de abajo.
order-refunded-title = Compra reembolsada
order-refunded-text = Este pago fue reembolsado y el código ya no es válido.
order-again-button = Comprar de nuevo

## Recuperar un código
recover-title = Recuperar mi código
recover-intro = ¿Pagó y ya no tiene su código? Sigue aquí.
recover-reference = Referencia del pago
recover-reference-hint = La de su página de compra, del SMS o del recibo de pago.
recover-second = 4 últimas cifras del número que pagó
recover-second-hint = ¿Pagó con tarjeta o no se encuentra nada? Escriba el importe pagado. No hace falta en el dispositivo que hizo la compra.
recover-button = Recuperar
recover-nothing = Ninguna compra coincide. Revise la referencia y las 4 últimas cifras del número que pagó; si pagó con tarjeta, escriba el importe pagado. Si acaba de pagar, inténtelo en un minuto.

## Inicio
home-title = Pagos wifi
home-text = Para comprar acceso, conéctese al wifi y elija un plan en su página de acceso.

## Errores
error-operator = Para el operador
error-plan-title = Este plan no existe
error-plan-text = Vuelva a la página de acceso del wifi y elija un plan.
error-hotspot-title = No se conoce este wifi
error-hotspot-text = Vuelva a la página de acceso del wifi o pregunte al operador.
error-account-title = Este medio de pago no está listo
error-account-text = Elija otro medio de pago en la página de acceso del wifi o pregunte al operador.
error-link-title = Este enlace está incompleto
error-link-text = Vuelva a la página de acceso del wifi y toque el plan otra vez.
error-sell-title = Este plan no se puede pagar ahora
error-sell-text = Elija otro medio de pago o pregunte al operador.
error-order-title = No se encuentra esta compra
error-order-text = Revise la dirección o recupere su código con la referencia del pago.
error-lost-title = Esta página no existe
error-lost-text = Para comprar acceso, abra la página de acceso del wifi.
error-often-title = Demasiadas solicitudes
error-often-text = Espere { $seconds } segundos y vuelva a intentarlo.
error-busy-title = El servicio está ocupado
error-busy-text = Inténtelo de nuevo en unos segundos. Si ya pagó, su compra no se ha perdido.
error-request-title = No se puede leer esta solicitud
error-request-text = Vuelva a la página anterior e inténtelo de nuevo.
error-broken-title = Algo salió mal
error-broken-text = Inténtelo de nuevo. Si ya pagó, su compra no se ha perdido.

## Para el operador, en una página de error
hint-plan = El plan «{ $plan }» no existe en site.toml. Corrija el enlace en login.html o añada este plan.
hint-account = Ninguna cuenta de { $gateway } tiene la clave o el sitio de este enlace. Compare el enlace de login.html con site.toml.
hint-hotspot = Esta empresa no tiene ningún hotspot llamado «{ $name }» en site.toml. El «name» del hotspot debe ser el nombre exacto del servidor en el router.
hint-hotspot-twice = Varios hotspots de la empresa se llaman «{ $name }». Ponga en login.html el enlace corto del plan (/b/…).
hint-no-plan = Ningún plan del hotspot «{ $hotspot }» vende el perfil «{ $profile }» con estos límites. Añádalo en site.toml o corrija el enlace en login.html.
hint-missing = Al enlace le falta «{ $name }». Corríjalo en login.html.
hint-unexpanded = El enlace contiene «{ $value }» sin sustituir. Debe estar en login.html, en el router, que pone ahí el valor real.
hint-value-amount = En el enlace, «{ $name }» vale «{ $value }»: escriba un importe, por ejemplo «100» o «12.50».
hint-value-price = En el enlace, «{ $name }» falta o vale cero: escriba el precio.
hint-value-currency = En el enlace, «{ $name }» vale «{ $value }»: escriba «FCFA» o un código ISO, por ejemplo «XOF».
hint-value-time = En el enlace, «{ $name }» vale «{ $value }»: escriba una duración, por ejemplo «30m», «4h» o «1d12h».
hint-value-data = En el enlace, «{ $name }» vale «{ $value }»: escriba un volumen de datos, por ejemplo «10M» o «1G».
hint-sell-foreign-keys = Las claves de la cuenta «{ $account }» no son de { $gateway }. Corríjalas en site.toml.
hint-sell-mixed-keys = La cuenta «{ $account }» mezcla claves de prueba y claves reales de { $gateway }. Corríjalas en site.toml.
hint-sell-one-of = A la cuenta «{ $account }» le falta al menos uno de estos ajustes en site.toml: { $list }.
hint-sell-proof = Sin al menos uno de estos ajustes en site.toml no se puede comprobar ningún pago de la cuenta «{ $account }»: { $list }.
hint-sell-country = { $gateway } (cuenta «{ $account }») solo funciona en estos países: { $list }. Corrija el país de la empresa en site.toml o elija otra pasarela.
hint-sell-nobody = Ninguna cuenta de la empresa puede vender este plan. Corrija «accounts» del plan en site.toml o añada una cuenta.
hint-sell-inactive = El producto, su router o su empresa están desactivados. Actívelos por la API.
