# Textos para os compradores. Os quatro ficheiros têm as mesmas chaves e os mesmos argumentos (um teste prova-o).

## Em todo o lado
languages = Idioma
recover-link = Já pagou? Recuperar o meu código

time-days = { $n ->
    [one] { $n } dia
   *[other] { $n } dias
}
time-hours = { $n } h
time-minutes = { $n } min
time-seconds = { $n } s
data-gib = { $n } GB
data-mib = { $n } MB
data-kib = { $n } KB
data-bytes = { $n } bytes

## Página de compra
buy-eyebrow = Acesso Wi-Fi
buy-time = Tempo de ligação
buy-data = Dados
buy-data-free = sem limite
buy-price-differs = O preço mudou desde que este link foi criado. O preço mostrado aqui é o certo.
buy-how-redirect = Paga na página segura da { $gateway } e depois volta aqui.
buy-how-script = Paga na janela segura da { $gateway }.
buy-how-phone = Chega um pedido de pagamento ao seu telefone. Confirme-o com o seu código secreto.
buy-choose = Como quer pagar?
buy-choice-page = Dinheiro móvel ou cartão
buy-choice-phone = Dinheiro móvel
buy-choice-phone-by = Com o seu número, pela { $gateway }
buy-choice-page-by = Na página da { $gateway }
buy-phone = Número de dinheiro móvel
buy-phone-hint = O número que paga.
buy-network = Operadora
buy-network-auto = Pelo número
buy-otp = Código de uso único (OTP)
buy-otp-hint = Pedido por { $networks }. A sua operadora dá-lho.
buy-otp-dial = Marque { $code } para o receber.
buy-email = E-mail (opcional)
buy-email-hint = Para receber o código também por e-mail.
buy-button = Pagar { $price }
buy-after-device = Depois do pagamento, o seu código aparece e o seu aparelho liga-se sozinho.
buy-after-code = Depois do pagamento, o seu código aparece aqui.
buy-unexpanded = Para o operador: o link contém { $names } sem o substituir. Este link deve estar em login.html, no router. A venda continua possível; o comprador escreverá o código.

field-error = Verifique o formulário
field-phone = Este número não é reconhecido. Escreva-o completo, por exemplo com o indicativo do país.
field-network = Escolha a sua operadora.
field-otp = Escreva o código de uso único da sua operadora.
field-email = Este endereço de e-mail não é válido.
field-account = Escolha um meio de pagamento.
field-other = Falta um valor ou não é válido.

## Página do pedido
order-summary = Resumo
order-plan = Plano
order-price = Preço
order-reference = Referência
order-reference-keep = Guarde esta referência: com ela recupera o seu código.
order-step-pay = Pagamento
order-step-access = Acesso
order-step-online = Online
order-steps = Progresso
order-live = Esta página atualiza-se sozinha.
order-refresh = Atualizar
order-waiting-title = À espera do pagamento
order-waiting-phone = Foi enviado um pedido de pagamento para o número que termina em { $digits }. Confirme-o com o seu código secreto.
order-waiting-open = Termine o pagamento na página da { $gateway }. Já pagou? Não pague outra vez: esta página muda assim que { $gateway } confirmar.
order-waiting-script = Toque no botão: abre-se a janela de pagamento da { $gateway }.
order-waiting-nothing = Esperamos a resposta da { $gateway }.
order-open-button = Abrir a página de pagamento
order-till-title = Pague com este número
order-till-cash = Vá a { $store } e diga este número no caixa.
order-till-store = Vá a uma loja e diga este número no caixa.
order-till-transfer = Transfira o valor para esta conta pelo aplicativo do seu banco.
order-till-number = Número de pagamento
order-till-account = Número da conta (CLABE)
order-till-amount = Valor exato
order-till-bank = Banco
order-till-until = Pague antes de
order-till-barcode = Ver o código de barras
order-till-later = Seu código chega sozinho quando o pagamento é confirmado, mesmo dias depois e com esta página fechada.
order-till-return = Para voltar, guarde o endereço desta página, ou use a referência abaixo e o valor:
order-script-needed = Este pagamento precisa de JavaScript. Copie o endereço desta página e abra-o no Chrome, no Firefox ou no Safari.
order-script-missing = Não foi possível carregar o botão de pagamento. Atualize a página; se continuar, avise o operador.
order-script-button = Pagar { $price }
order-try-title = A { $gateway } não responde
order-try-text = O pagamento não pôde começar. Tente de novo daqui a pouco.
order-try-button = Tentar de novo
order-paid-title = Pagamento recebido
order-paid-text = Estamos a criar o seu acesso. Demora alguns segundos.
order-paid-slow = O router Wi-Fi ainda não responde. O seu acesso será criado assim que responder. Não pague outra vez.
order-stuck-text = O seu pagamento está registado. O operador foi avisado e tem de concluir o seu acesso. Não pague outra vez.
order-ready-title = O seu código está pronto
order-online-title = Está online
order-connecting = A ligar o seu aparelho…
order-code = O seu código
order-user = Nome de utilizador
order-password = Palavra-passe
order-copy = Copiar
order-copied = Copiado
order-code-keep = Anote este código: volta a ligá-lo se esta janela se fechar.
order-login-button = Ligar ao Wi-Fi
order-login-hint = Continue no Wi-Fi de { $company }.
order-login-manual = Escreva este código na página de entrada do Wi-Fi.
order-continue-button = Continuar
order-link-paid-text = Obrigado. O seu pagamento está concluído.
order-link-for = Pagamento de
order-link-back-button = Voltar à loja
order-failed-title = O pagamento não foi concluído
order-cancelled-title = Pagamento cancelado
order-expired-title = O prazo de pagamento passou
order-failed-reason = Resposta da { $gateway }:
order-failed-balance = Verifique o seu saldo e o seu limite de mobile money e tente de novo.
order-decline-funds = Não há dinheiro suficiente para este pagamento. Use outro cartão ou outra forma de pagamento.
order-decline-details = Os dados do cartão não foram aceites. Verifique o número, a data e o código de segurança e tente de novo.
order-decline-bank = O seu banco tem de autorizar este pagamento. Ligue-lhe, ou use outro cartão.
order-decline-card = Este cartão não pode ser usado aqui. Use outro cartão ou outra forma de pagamento.
order-decline-risk = O pagamento foi recusado por segurança. Use outra forma de pagamento, por exemplo dinheiro.
order-decline-often = Este cartão foi tentado vezes demais. Use outro cartão, ou tente de novo mais tarde.
order-decline-twice = O mesmo pagamento foi feito há um momento. Veja se foi concluído antes de pagar outra vez.
order-decline-challenge = A confirmação do seu banco não foi concluída. Tente de novo e confirme o pagamento na página do banco.
order-decline-other = O cartão foi recusado sem motivo indicado. Use outro cartão ou outra forma de pagamento.
order-late-money = Se mesmo assim lhe foi cobrado, guarde esta referência: o acesso é criado assim que o pagamento for confirmado.
order-retry-button = Tentar de novo
order-held-title = Pagamento por verificar
order-held-text = O pagamento recebido não corresponde a esta compra. O operador foi avisado: dê-lhe a referência abaixo.
order-refunding-title = O seu dinheiro está a ser devolvido
order-refunding-text = Este acesso não pôde ser entregue a tempo, ou foi pedida a sua devolução. O operador está a devolver o pagamento: guarde a referência abaixo.
order-refunded-title = Compra reembolsada
order-refunded-text = Este pagamento foi reembolsado e o código já não é válido.
order-again-button = Comprar de novo

## Recuperar um código
recover-title = Recuperar o meu código
recover-intro = Pagou e já não tem o seu código? Ele continua aqui.
recover-reference = Referência do pagamento
recover-reference-hint = A da sua página de compra, do SMS ou do recibo de pagamento.
recover-second = 4 últimos algarismos do número que pagou
recover-second-hint = Pagou com cartão ou nada foi encontrado? Escreva o montante pago. Não é preciso no aparelho que fez a compra.
recover-button = Recuperar
recover-nothing = Nenhuma compra corresponde. Verifique a referência e os 4 últimos algarismos do número que pagou; se pagou com cartão, escreva o montante pago. Se acabou de pagar, tente daqui a um minuto.

## Início
home-title = Pagamentos Wi-Fi
home-text = Para comprar acesso, ligue-se ao Wi-Fi e escolha um plano na página de entrada.

## Erros
error-operator = Para o operador
error-plan-title = Este plano não existe
error-plan-text = Volte à página de entrada do Wi-Fi e escolha um plano.
error-hotspot-title = Este Wi-Fi não é conhecido
error-hotspot-text = Volte à página de entrada do Wi-Fi ou pergunte ao operador.
error-account-title = Este meio de pagamento não está pronto
error-account-text = Escolha outro meio de pagamento na página de entrada do Wi-Fi ou pergunte ao operador.
error-link-title = Este link está incompleto
error-link-text = Volte à página de entrada do Wi-Fi e toque outra vez no plano.
error-sell-title = Este plano não pode ser pago agora
error-sell-text = Escolha outro meio de pagamento ou pergunte ao operador.
error-order-title = Não se encontra esta compra
error-order-text = Verifique o endereço ou recupere o seu código com a referência do pagamento.
error-lost-title = Esta página não existe
error-lost-text = Para comprar acesso, abra a página de entrada do Wi-Fi.
error-often-title = Demasiados pedidos
error-often-text = Espere { $seconds } segundos e tente de novo.
error-busy-title = O serviço está ocupado
error-busy-text = Tente de novo daqui a alguns segundos. Se já pagou, a sua compra não está perdida.
error-request-title = Não é possível ler este pedido
error-request-text = Volte à página anterior e tente de novo.
error-broken-title = Algo correu mal
error-broken-text = Tente de novo. Se já pagou, a sua compra não está perdida.

## Para o operador, numa página de erro
hint-plan = O plano «{ $plan }» não existe em site.toml. Corrija o link em login.html ou acrescente este plano.
hint-account = Nenhuma conta { $gateway } tem a chave ou o site deste link. Compare o link em login.html com site.toml.
hint-hotspot = Esta empresa não tem nenhum hotspot chamado «{ $name }» em site.toml. O «name» do hotspot tem de ser o nome exato do servidor no router.
hint-hotspot-twice = Vários hotspots da empresa chamam-se «{ $name }». Ponha em login.html o link curto do plano (/b/…).
hint-no-plan = Nenhum plano do hotspot «{ $hotspot }» vende o perfil «{ $profile }» com estes limites. Acrescente-o em site.toml ou corrija o link em login.html.
hint-missing = Falta «{ $name }» no link. Corrija-o em login.html.
hint-unexpanded = O link contém «{ $value }» sem o substituir. Tem de estar em login.html, no router, que põe lá o valor verdadeiro.
hint-value-amount = No link, «{ $name }» é «{ $value }»: escreva um montante, por exemplo «100» ou «12.50».
hint-value-price = No link, «{ $name }» falta ou é zero: escreva o preço.
hint-value-currency = No link, «{ $name }» é «{ $value }»: escreva «FCFA» ou um código ISO, por exemplo «XOF».
hint-value-time = No link, «{ $name }» é «{ $value }»: escreva uma duração, por exemplo «30m», «4h» ou «1d12h».
hint-value-data = No link, «{ $name }» é «{ $value }»: escreva um volume de dados, por exemplo «10M» ou «1G».
hint-sell-foreign-keys = As chaves da conta «{ $account }» não são de { $gateway }. Corrija-as em site.toml.
hint-sell-mixed-keys = A conta «{ $account }» mistura chaves de teste e chaves reais de { $gateway }. Corrija-as em site.toml.
hint-sell-one-of = Falta à conta «{ $account }» pelo menos uma destas definições em site.toml: { $list }.
hint-sell-proof = Sem pelo menos uma destas definições em site.toml, nenhum pagamento da conta «{ $account }» pode ser verificado: { $list }.
hint-sell-country = { $gateway } (conta «{ $account }») só serve estes países: { $list }. Corrija o país da empresa em site.toml ou escolha outra plataforma.
hint-sell-nobody = Nenhuma conta da empresa pode vender este plano. Corrija «accounts» do plano em site.toml ou acrescente uma conta.
hint-sell-inactive = O produto, o seu roteador ou a sua empresa está desativado. Ative-o pela API.
