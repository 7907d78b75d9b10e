# Mensagens. Os valores vêm de fora: cada um ocupa uma linha.

# Ao operador, por cada venda.
sale-subject = Venda: { $plan }, { $amount }
sale-intro = { $company }: uma venda em { $hotspot }.

# Ao comprador.
code-subject = O seu código Wi-Fi: { $plan }, { $amount }
code-intro = Obrigado pela sua compra. Aqui está o seu acesso Wi-Fi de { $company }.
code-keep = Guarde esta mensagem: com a referência recupera-se o código.
code-how = Para se ligar: entre na rede Wi-Fi, abra { $address } e introduza os dados acima.
code-how-plain = Para se ligar: entre na rede Wi-Fi e introduza os dados acima na página que se abre.

# Linhas comuns.
line-code = Código: { $value }
line-pin = Código (sem palavra-passe): { $value }
line-user = Utilizador: { $value }
line-password = Palavra-passe: { $value }
line-plan = Plano: { $value }
line-profile = Perfil do router: { $value }
line-amount = Valor: { $value }
line-price = Preço: { $value }
line-gateway = Pago através de: { $value }
line-gateway-reference = Referência do pagamento: { $value }
line-order = Referência: { $value }
line-phone = Telefone: { $value }
line-mac = Aparelho (MAC): { $value }

# Ao operador, quando um pedido precisa dele.
alert-held-subject = Pedido retido: { $plan }, { $amount }
alert-stuck-subject = Pedido bloqueado: { $plan }, { $amount }
alert-other-subject = Pedido a verificar: { $plan }, { $amount }
alert-held-intro = Um pedido espera a sua decisão. Não foi criado nenhum código.
alert-stuck-intro = Chegou um pagamento, mas o código ainda não pôde ser criado.
alert-other-intro = Um pedido precisa da sua atenção.
alert-what =
    O que aconteceu:
    { $value }
alert-do =
    O que fazer:
    { $value }

# Ao operador, uma vez por dia, quando plataforma e relé não coincidem.
ledger-subject = Controlo do dia: pagamentos a verificar ({ $count })
ledger-intro = { $company }: o que as plataformas dão como pago foi comparado com o que foi entregue. Isto não coincide.
ledger-account = Conta { $account }:
ledger-unknown = { $payment }, { $amount }: pago na plataforma, mas nenhum pedido daqui tem este pagamento. Se era para o Wi-Fi, devolva-o ou dê um código ao comprador.
ledger-second = { $payment }, { $amount }: um segundo pagamento do pedido { $order }. Devolva um dos dois.
ledger-unsettled = { $payment }, { $amount }: pago na plataforma, mas o pedido { $order } não pôde receber este pagamento.
ledger-held = { $payment }, { $amount }: o pedido { $order } está retido; a decisão é sua.
ledger-stuck = { $payment }, { $amount }: o pedido { $order } está pago, mas o router recusa-o.
ledger-undelivered = { $payment }, { $amount }: o pedido { $order } está pago, mas o router ainda não respondeu.
ledger-more = … e mais { $count }.
ledger-do = O que fazer: «{ $list }» mostra a lista toda, «{ $show }» a história de um pedido.

## Mensagens que nenhum pedido pôde receber
event-subject = Mensagens das suas plataformas a ver ({ $count })
event-intro = { $company }: uma plataforma enviou estas mensagens. São autênticas, mas aqui não se pôde fazer nada com elas: nada foi entregue nem retirado por causa delas.
event-unreadable = Mensagem { $event }, conta { $account }: não pôde ser lida: “{ $value }”.
event-taken-back = Mensagem { $event }, conta { $account }: o dinheiro do pagamento { $value } está em disputa ou foi retirado, e nenhum pedido daqui tem este pagamento.
event-of-another-account = Mensagem { $event }, conta { $account }: é sobre o pedido { $value }, vendido por outra conta.
event-not-shown = Mensagem { $event }, conta { $account }: a plataforma não mostra o pagamento { $value } a esta conta. As suas chaves podem ser de outro vendedor.
event-account-refused = Mensagem { $event }, conta { $account }: a plataforma recusa as chaves desta conta: “{ $value }”. Os pagamentos não são reconhecidos até que sejam corrigidas em site.toml e aplicadas; depois esta mensagem é tratada por si.
event-do = O que fazer: veja no painel da plataforma de quem é o pagamento e responda lá a uma disputa antes do prazo. “{ $show }” com o número mostra o que foi enviado, “{ $list }” enumera todas.

## Dinheiro que é devolvido
refund-done-subject = Devolvido: { $plan }, { $amount }
refund-done = { $company }: um pagamento foi devolvido ao comprador. O código dele já não funciona.
refund-done-extra = { $company }: um segundo pagamento da mesma compra foi devolvido ao comprador. O código dele continua a funcionar.
refund-buyer-subject = A sua devolução: { $plan }, { $amount }
refund-buyer = { $company } devolveu o seu pagamento. O código Wi-Fi desta compra já não funciona.
refund-buyer-extra = Pagou duas vezes a mesma compra. { $company } devolveu o segundo pagamento. O seu código Wi-Fi continua a funcionar.
refund-buyer-when = O dinheiro volta por onde foi pago. O seu banco ou operador pode precisar de alguns dias.
refund-todo-subject = A fazer: devolver { $amount } ({ $plan })
refund-todo = { $company }: um pagamento tem de ser devolvido ao comprador. { $gateway } só o permite à mão:
refund-todo-extra = { $company }: a mesma compra foi paga duas vezes e este segundo pagamento tem de ser devolvido ao comprador. { $gateway } só o permite à mão:
refund-way-open = Abra o painel de { $gateway } e procure a transação { $payment }.
refund-way-fedapay = Abra-a, escolha «Reembolsar» e confirme { $amount }. A FedaPay só reembolsa MTN Mobile Money; com outros operadores, envie { $amount } para o número que pagou.
refund-way-cinetpay = A CinetPay não tem botão de reembolso: envie { $amount } por transferência para o número que pagou, ou peça ao apoio da CinetPay que anule a transação { $payment }.
refund-way-feexpay = Abra o menu «Reembolsos», escolha a transação e confirme { $amount }.
refund-way-other = Abra-a, escolha «Reembolsar» e confirme { $amount }.
refund-way-done = Depois execute «{ $command }»: o código deixa de funcionar e o comprador é avisado.
refund-way-done-extra = Depois execute «{ $command }»: o comprador é avisado e o código dele continua a funcionar.

# Avisos pelo Telegram, ao operador.
telegram-sold = { $company }: venda aprovada
telegram-refused = { $company }: pagamento recusado
telegram-customer = Cliente: { $value }
telegram-email = E-mail: { $value }
telegram-reason = Motivo: { $value }
telegram-pin = PIN: { $value }
telegram-test = { $company }: mensagem de teste. Os avisos das suas vendas chegarão aqui.
telegram-fault-subject = O Telegram recusa os seus avisos
telegram-fault = { $company }: o Telegram não aceita os avisos das suas vendas. A resposta: { $words }
telegram-fault-do = Verifique o token do bot e o chat, e se o bot continua no chat e não está bloqueado. Os avisos das últimas 24 horas são enviados assim que o Telegram os aceitar. As suas vendas continuam como sempre.

## O certificado do relé
certificate-subject = O certificado de { $name } precisa de si
certificate-soon = { $days ->
    [0] O certificado de { $name } expira hoje
    [one] O certificado de { $name } expira dentro de { $days } dia
   *[other] O certificado de { $name } expira dentro de { $days } dias
} e não foi renovado. Depois disso, os telemóveis recusam as páginas de pagamento.
certificate-over = O certificado de { $name } expirou: os telemóveis recusam as páginas de pagamento.
certificate-do-ours = O que fazer: o relé renova-o por si e ainda não conseguiu; o seu registo diz porquê e o que ajuda. Quase sempre a porta 80 deste nome já não chega ao relé, ou o nome leva a outro sítio.
certificate-do-files = O que fazer: renove o certificado e ponha o novo nos ficheiros que as definições nomeiam. O relé toma-o num minuto; não é preciso reiniciá-lo.
