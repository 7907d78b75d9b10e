# El mundo de la demostración: página de entrada del hotspot, router y correos.

nav-phone = Portal
nav-pin = Dinero móvil
nav-router = Router
nav-mail = Correos
demo-note = Demostración: teléfono, router y pasarelas son simulados en esta máquina.

welcome = Bienvenido al wifi
welcome-hint = Elija un plan y pague con tarjeta, en efectivo o por transferencia: queda en línea enseguida.
you-are-online = Este teléfono está en línea.
see-status = Ver la sesión
plans = Planes
pin-hint = FeexPay hace sonar el teléfono: aquí, la solicitud aparece en otra página.
buy = Comprar
short-link = enlace corto
pays-with = por { $gateway }
days = { $n ->
    [one] { $n } día
   *[other] { $n } días
}
hours = { $n ->
    [one] { $n } hora
   *[other] { $n } horas
}
minutes = { $n } min
seconds = { $n } s
no-data-limit = datos sin límite
gigabytes = { $n } GB
megabytes = { $n } MB
have-code = Ya tengo un código
code = Código
password-if-any = Contraseña (si tiene una)
connect = Conectarse
lost-code = ¿Perdió su código? Recuperarlo
login-failed = Conexión rechazada: { $why }
router-is-off = El router está apagado: por ahora no es posible conectarse.

status-title = Mi sesión
online = En línea
offline = Sin conexión
offline-hint = Este teléfono no tiene acceso a Internet por el momento.
user = Usuario
time-left = Tiempo restante
no-limit = sin límite
address = Dirección IP
device = Dispositivo (MAC)
disconnect = Desconectarse
to-plans = Ver los planes
other-phone = Tomar otro teléfono
phone-number = Teléfono { $number }

router-title = Router simulado
router-hint = Lo que el relevo hizo en el router { $server }, por la API de RouterOS.
power-on = Encendido
power-off = Apagado
switch-on = Encender
switch-off = Apagar
power-hint = Apáguelo, pague y vuelva a encenderlo: la venta espera y se completa.
users = Usuarios del hotspot
no-users = Todavía no hay usuarios.
sessions = Sesiones activas
no-sessions = Nadie está conectado.
profile = Perfil
limits = Límites
comment = Comentario
user-disabled = desactivado
commands = Comandos de la API, el último primero
no-commands = No llegó ningún comando.
refreshes = Esta página se actualiza cada cinco segundos.

mail-title = Correos
mail-hint = Lo que el relevo envió al operador y a los compradores.
no-mail = Todavía no hay correos.
to = Para
back = Volver
not-found = Esta página no existe.

pagos-link = Abrir el portal de ejemplo, que habla con la API
forget-users = Vencer todos los planes
