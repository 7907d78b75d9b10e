# Correos. Los valores vienen de fuera: cada uno ocupa una línea.

# Al operador, por cada venta.
sale-subject = Venta: { $plan }, { $amount }
sale-intro = { $company }: una venta en { $hotspot }.

# Al comprador.
code-subject = Su código Wi-Fi: { $plan }, { $amount }
code-intro = Gracias por su compra. Este es su acceso Wi-Fi de { $company }.
code-keep = Guarde este mensaje: con la referencia se recupera el código.
code-how = Para conectarse: únase a la red Wi-Fi, abra { $address } y escriba los datos de arriba.
code-how-plain = Para conectarse: únase a la red Wi-Fi y escriba los datos de arriba en la página que se abre.

# Líneas comunes.
line-code = Código: { $value }
line-pin = Código (sin contraseña): { $value }
line-user = Usuario: { $value }
line-password = Contraseña: { $value }
line-plan = Plan: { $value }
line-profile = Perfil del router: { $value }
line-amount = Importe: { $value }
line-price = Precio: { $value }
line-gateway = Pagado con: { $value }
line-gateway-reference = Referencia del pago: { $value }
line-order = Referencia: { $value }
line-phone = Teléfono: { $value }
line-mac = Dispositivo (MAC): { $value }

# Al operador, cuando un pedido lo necesita.
alert-held-subject = Pedido retenido: { $plan }, { $amount }
alert-stuck-subject = Pedido bloqueado: { $plan }, { $amount }
alert-other-subject = Pedido por revisar: { $plan }, { $amount }
alert-held-intro = Un pedido espera su decisión. No se creó ningún código.
alert-stuck-intro = Llegó un pago, pero todavía no se pudo crear el código.
alert-other-intro = Un pedido necesita su atención.
alert-what =
    Qué pasó:
    { $value }
alert-do =
    Qué hacer:
    { $value }

# Al operador, una vez al día, cuando pasarela y relé no coinciden.
ledger-subject = Control del día: pagos por revisar ({ $count })
ledger-intro = { $company }: se comparó lo que las pasarelas dan por pagado con lo que se entregó. Esto no coincide.
ledger-account = Cuenta { $account }:
ledger-unknown = { $payment }, { $amount }: pagado en la pasarela, pero ningún pedido de aquí tiene este pago. Si era para el Wi-Fi, devuélvalo o dé un código al comprador.
ledger-second = { $payment }, { $amount }: un segundo pago del pedido { $order }. Devuelva uno de los dos.
ledger-unsettled = { $payment }, { $amount }: pagado en la pasarela, pero el pedido { $order } no pudo tomar este pago.
ledger-held = { $payment }, { $amount }: el pedido { $order } está retenido; usted decide.
ledger-stuck = { $payment }, { $amount }: el pedido { $order } está pagado, pero el router lo rechaza.
ledger-undelivered = { $payment }, { $amount }: el pedido { $order } está pagado, pero el router aún no ha respondido.
ledger-more = … y { $count } más.
ledger-do = Qué hacer: «{ $list }» muestra toda la lista y «{ $show }» la historia de un pedido.

## Mensajes que ningún pedido pudo recibir
event-subject = Mensajes de sus pasarelas por revisar ({ $count })
event-intro = { $company }: una pasarela envió estos mensajes. Son auténticos, pero aquí no se pudo hacer nada con ellos: no se entregó ni se quitó nada por ellos.
event-unreadable = Mensaje { $event }, cuenta { $account }: no se pudo leer: «{ $value }».
event-taken-back = Mensaje { $event }, cuenta { $account }: el dinero del pago { $value } está en disputa o fue retirado, y ningún pedido de aquí tiene este pago.
event-of-another-account = Mensaje { $event }, cuenta { $account }: trata del pedido { $value }, vendido por otra cuenta.
event-not-shown = Mensaje { $event }, cuenta { $account }: la pasarela no muestra el pago { $value } a esta cuenta. Sus claves pueden ser de otro vendedor.
event-account-refused = Mensaje { $event }, cuenta { $account }: la pasarela rechaza las claves de esta cuenta: «{ $value }». Los pagos no se reconocen hasta que se corrijan en site.toml y se apliquen; después este mensaje se atiende por sí solo.
event-do = Qué hacer: mire en el panel de la pasarela de quién es el pago y responda allí a una disputa antes de su plazo. «{ $show }» con el número muestra lo que se envió, «{ $list }» los enumera todos.

## Dinero que se devuelve
refund-done-subject = Devuelto: { $plan }, { $amount }
refund-done = { $company }: un pago fue devuelto al comprador. Su código ya no funciona.
refund-done-extra = { $company }: un segundo pago de una misma compra fue devuelto al comprador. Su código sigue funcionando.
refund-buyer-subject = Su devolución: { $plan }, { $amount }
refund-buyer = { $company } le devolvió su pago. El código Wi-Fi de esta compra ya no funciona.
refund-buyer-extra = Usted pagó dos veces una misma compra. { $company } le devolvió el segundo pago. Su código Wi-Fi sigue funcionando.
refund-buyer-when = El dinero vuelve por donde se pagó. Su banco u operador puede tardar algunos días.
refund-todo-subject = Por hacer: devolver { $amount } ({ $plan })
refund-todo = { $company }: hay que devolver un pago al comprador. { $gateway } solo lo permite a mano:
refund-todo-extra = { $company }: una misma compra se pagó dos veces y hay que devolver este segundo pago al comprador. { $gateway } solo lo permite a mano:
refund-way-open = Abra el panel de { $gateway } y busque la transacción { $payment }.
refund-way-fedapay = Ábrala, elija «Reembolsar» y confirme { $amount }. FedaPay solo reembolsa MTN Mobile Money; con otros operadores, envíe usted { $amount } al número que pagó.
refund-way-cinetpay = CinetPay no tiene botón de reembolso: envíe { $amount } con una transferencia al número que pagó, o pida al soporte de CinetPay que anule la transacción { $payment }.
refund-way-feexpay = Abra el menú «Reembolsos», elija la transacción y confirme { $amount }.
refund-way-other = Ábrala, elija «Reembolsar» y confirme { $amount }.
refund-way-done = Después ejecute «{ $command }»: el código deja de funcionar y se avisa al comprador.
refund-way-done-extra = Después ejecute «{ $command }»: se avisa al comprador y su código sigue funcionando.

# Avisos por Telegram, al operador.
telegram-sold = { $company }: venta aprobada
telegram-refused = { $company }: pago rechazado
telegram-customer = Cliente: { $value }
telegram-email = Correo: { $value }
telegram-reason = Motivo: { $value }
telegram-pin = PIN: { $value }
telegram-test = { $company }: mensaje de prueba. Aquí llegarán los avisos de sus ventas.
telegram-fault-subject = Telegram rechaza sus avisos
telegram-fault = { $company }: Telegram no acepta los avisos de sus ventas. Su respuesta: { $words }
telegram-fault-do = Revise el token del bot y el chat, y que el bot siga en el chat y no esté bloqueado. Los avisos de las últimas 24 horas se envían cuando Telegram los acepta. Sus ventas siguen como siempre.

## El certificado del relé
certificate-subject = El certificado de { $name } le necesita
certificate-soon = { $days ->
    [0] El certificado de { $name } vence hoy
    [one] El certificado de { $name } vence en { $days } día
   *[other] El certificado de { $name } vence en { $days } días
} y no fue renovado. Después, los teléfonos rechazarán las páginas de pago.
certificate-over = El certificado de { $name } venció: los teléfonos rechazan las páginas de pago.
certificate-do-ours = Qué hacer: el relé lo renueva por sí mismo y hasta ahora no lo logró; su registro dice por qué y qué ayuda. Casi siempre el puerto 80 de este nombre ya no llega al relé, o el nombre lleva a otra parte.
certificate-do-files = Qué hacer: renueve el certificado y ponga el nuevo en los archivos que nombra la configuración. El relé lo toma en un minuto; no hace falta reiniciarlo.
