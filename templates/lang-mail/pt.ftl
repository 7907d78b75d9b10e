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
line-gateway = Pago através de: { $value }
line-gateway-reference = Referência do pagamento: { $value }
line-order = Referência: { $value }
line-phone = Telefone: { $value }
line-mac = Aparelho (MAC): { $value }

# Ao operador, quando um pedido precisa dele.
alert-held-subject = Pedido retido: { $plan }, { $amount }
alert-stuck-subject = Pedido bloqueado: { $plan }, { $amount }
alert-other-subject = Pedido a verificar: { $plan }, { $amount }
alert-held-intro = Chegou um pagamento, mas nenhum código foi criado.
alert-stuck-intro = Chegou um pagamento, mas o router recusa criar o código.
alert-other-intro = Um pedido precisa de si.
alert-reason = Motivo: { $value }
alert-held-do = O que fazer: verifique o pagamento na plataforma. Se estiver certo, execute «{ $retry }» e o comprador recebe o código. Se não, devolva-o na plataforma.
alert-stuck-do = O que fazer: corrija a causa no router. Depois o pedido continua sozinho; «{ $retry }» tenta-o de imediato.
alert-other-do = O que fazer: «{ $show }» mostra toda a sua história e «{ $retry }» tenta-o de novo depois de corrigida a causa.

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
