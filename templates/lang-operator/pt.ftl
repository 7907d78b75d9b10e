# O que o operador lê: o que aconteceu e, com «-do», o que fazer. Os quatro ficheiros têm as mesmas chaves e os
# mesmos valores. As palavras alheias entre aspas ficam como estão.

## O dinheiro
wrong-amount = O comprador pagou { $paid }; o preço é de { $price }.
wrong-amount-do = Se aceitar este pagamento, execute «{ $retry }» e o comprador recebe o código. Se não, reembolse-o no painel de { $gateway }.
wrong-currency = O comprador pagou { $paid-code }; o preço é de { $price-code }. Não é a mesma moeda.
wrong-currency-do = { wrong-amount-do }
amount-unknown = { $gateway } anuncia um pagamento sem dizer de quanto.
amount-unknown-do = Verifique o valor no painel de { $gateway }. Se estiver certo, execute «{ $retry }» e o comprador recebe o código. Se não, reembolse-o.
sandbox-on-live-account = { $gateway } anuncia um pagamento de teste (sandbox) na conta real «{ $account }». Não foi pago dinheiro verdadeiro.
sandbox-on-live-account-do = Não entregue nenhum código; não há nada a reembolsar. Verifique em site.toml se esta conta tem as chaves reais (live) e não as de teste.
sandbox-for-live-plan = Chegou um pagamento de teste (sandbox) pela conta «{ $account }» para um plano vendido com dinheiro verdadeiro. Não foi pago dinheiro verdadeiro.
sandbox-for-live-plan-do = Não entregue nenhum código; não há nada a reembolsar. Para fazer testes, crie em site.toml um plano que só esta conta venda (definição «accounts»).
unusable-params = { $faults ->
    [one] O pagamento está certo, mas uma definição do webhook não pode ser usada.
   *[other] O pagamento está certo, mas algumas definições do webhook não podem ser usadas.
}
unusable-params-do = Corrija o webhook no painel de { $gateway } e depois execute «{ $retry }»: o pedido continua com as definições do hotspot.
paid-twice = O comprador pagou duas vezes: pagamentos «{ $first }» e «{ $second }», via { $gateway }. Só tem direito a um código.
paid-twice-do = Devolva um dos dois pagamentos: «{ $refund } --payment { $second }».
payment-disputed = Este pagamento está em disputa. { $gateway } decidirá a quem pertence o dinheiro.
payment-disputed-do = Responda à disputa no painel de { $gateway }. Se o comprador ainda não tem o código e o dinheiro ficar consigo, execute «{ $retry }».
partly-refunded = Uma parte deste pagamento foi reembolsada via { $gateway }.
partly-refunded-do = Verifique esse reembolso no painel de { $gateway }. Se o comprador ainda não tem o código e o resto lhe basta, execute «{ $retry }».
charged-back = O banco do comprador retirou o dinheiro deste pagamento, via { $gateway }. O código já não funciona.
charged-back-do = Se não concorda, conteste no painel de { $gateway }. Em qualquer caso, o código fica desativado.
chargeback-won = Um estorno foi decidido a seu favor por { $gateway }: o dinheiro deste pagamento volta a ser seu. O código fica desativado.
chargeback-won-do = Se o comprador deve continuar, ative o utilizador dele no router. «{ $show } --voucher» diz qual é.
refund-refused = { $gateway } não devolve { $paid } (pagamento «{ $payment }»). A resposta: «{ $words }».
refund-refused-do = Devolva o dinheiro no painel de { $gateway } e execute «{ $refunded }». «{ $refund } --yes» pede de novo a { $gateway }; «{ $retry }» entrega um pedido retido.
refund-held-up = { $paid } ainda não pode ser devolvido: { $gateway } recusa a conta «{ $account }». A resposta: «{ $words }».
refund-held-up-do = Corrija as chaves desta conta em site.toml e aplique-o. A devolução continua depois por si só.
refund-awaits-router = Este pedido não foi entregue a tempo. { $paid } volta para o comprador assim que o router responder e o utilizador for retirado.
refund-awaits-router-do = «{ $refund } --yes» devolve o dinheiro sem esperar pelo router; «{ $retry }» entrega o pedido em vez disso.
paid-after-chargeback = O banco do comprador retirou este pagamento antes de ele comprar alguma coisa; agora { $gateway } diz que está pago.
paid-after-chargeback-do = Verifique no painel de { $gateway } de quem é o dinheiro. Se for seu, execute «{ $retry }» e o comprador recebe o código.
refund-still-open = { $paid } (pagamento «{ $payment }») deve ser devolvido há { $days ->
    [one] um dia
   *[other] { $days } dias
} e ainda não foi devolvido. { $standing ->
    [wished] Ainda não se pediu nada a { $gateway }.
    [pending] { $gateway } aceitou o reembolso e não o terminou.
    [by_hand] Depende de si: { $gateway } não devolve nada por si só.
   *[other] Foi pedido a { $gateway }; não se sabe em que deu.
}
refund-still-open-do = «{ $show }» diz o que falta. Se devolver o dinheiro no painel de { $gateway }, execute depois «{ $refunded } --payment { $payment }».

## O hotspot e o router
hotspot-gone = Chegou um pagamento, mas o hotspot «{ $hotspot }» já não está em site.toml.
hotspot-gone-do = Volte a pô-lo em site.toml, execute «mikrelay apply site.toml» e depois «{ $retry }».
router-without-login = O mikrelay não tem utilizador nem palavra-passe para o router «{ $router }».
router-without-login-do = Acrescente «user» e «password» a este router em site.toml e execute «mikrelay apply site.toml». O pedido continua sozinho.
profile-missing = O router «{ $router }» não conhece o perfil «{ $profile }».
profile-missing-do = Crie um perfil com este nome exato no Winbox (IP → Hotspot → User Profiles): o pedido continua sozinho. Se o nome estiver errado, corrija também o plano em site.toml para as próximas vendas.
server-missing = O router «{ $router }» não tem nenhum servidor hotspot chamado «{ $server }».
server-missing-do = Ponha em site.toml, na definição «name» do hotspot, o nome exato do servidor (Winbox: IP → Hotspot → Servers) e execute «mikrelay apply site.toml». O pedido continua sozinho.
callback-server-missing = O webhook pede o servidor hotspot «{ $server }» (definição «mikserver»), que o router «{ $router }» não tem.
callback-server-missing-do = Corrija ou retire «mikserver» no webhook e depois execute «{ $retry }»: o pedido continua com o servidor do hotspot, «{ $own }».
router-login-refused = O router «{ $router }» recusa a ligação do mikrelay. A resposta dele: «{ $words }».
router-login-refused-do = Compare «user» e «password» deste router em site.toml com o utilizador do router (Winbox: System → Users). Se alterar site.toml, execute «mikrelay apply site.toml». O pedido continua sozinho.
router-rights-missing = O router «{ $router }» recusa a ordem: o utilizador do mikrelay não tem permissões suficientes.
router-rights-missing-do = Dê ao grupo dele as permissões «api», «read» e «write» (Winbox: System → Users → Groups). O pedido continua sozinho.
router-address-unusable = O endereço do router «{ $router }» não pode ser usado: «{ $address }».
router-address-unusable-do = Escreva-o em site.toml na forma «host:porta» e execute «mikrelay apply site.toml». O pedido continua sozinho.
router-tls-fails = A ligação cifrada ao router «{ $router }» falha: «{ $words }».
router-tls-fails-do = Verifique o certificado do serviço «api-ssl» (Winbox: IP → Services) e a definição «tls» do router em site.toml. O pedido continua sozinho.
router-not-speaking-api = O que responde no endereço do router «{ $router }» não fala a API do RouterOS: «{ $words }».
router-not-speaking-api-do = Verifique o endereço e a porta em site.toml (8728, ou 8729 com TLS) e o serviço «api» do router (Winbox: IP → Services). O pedido continua sozinho.
router-refuses = O router «{ $router }» recusa criar o código. A resposta dele: «{ $words }».
router-refuses-do = Corrija a causa no router: o pedido continua sozinho. «{ $retry }» tenta-o de imediato.
sale-record-refused = A venda está feita; só falta a linha dela nos relatórios do Mikhmon: o router «{ $router }» não a aceita. A resposta dele: «{ $words }».
sale-record-refused-do = Dê ao grupo do utilizador do mikrelay a permissão «write», e «policy» se não bastar (Winbox: System → Users → Groups); tenta-se de novo durante três dias. Ou ponha «mikhmon_records = false» em site.toml.
value-unsendable = O valor «{ $field }» contém um carácter que não pode ser escrito no router «{ $router }».
value-unsendable-do = Corrija este valor em site.toml (letras sem acentos, algarismos, sinais simples) e execute «mikrelay apply site.toml» e «{ $retry }».
router-answer-incomplete = A resposta do router «{ $router }» a «{ $command }» está incompleta: falta «{ $property }».
router-answer-incomplete-do = Verifique este router com «mikrelay router test { $router }» e atualize o RouterOS. O pedido continua sozinho.

## A plataforma de pagamento
gateway-silent = { $gateway } não deu uma resposta utilizável: «{ $words }».
gateway-silent-do = O comprador pode tentar de novo. Se continuar, verifique o estado de { $gateway } e a ligação deste servidor.
account-refused = { $gateway } recusa a conta «{ $account }»: «{ $words }».
account-refused-do = Verifique as chaves desta conta em site.toml e o estado dela no painel de { $gateway }. Depois, o comprador tem de recomeçar.
request-refused = { $gateway } recusa este pedido de pagamento: «{ $words }».
request-refused-do = Corrija o que a resposta indica, por exemplo o preço do plano. Depois, o comprador tem de recomeçar.
declined = { $gateway } recusou o pagamento: «{ $words }».
declined-do = Não tem de fazer nada: o comprador pode recomeçar.

rule-broken-whole-amounts = { $gateway } só aceita valores inteiros; o preço é de { $price }.
rule-broken-whole-amounts-do = Altere o preço do plano em site.toml ou venda-o por outra conta.
rule-broken-at-least = { $gateway } não aceita menos de { $least }; o preço é de { $price }.
rule-broken-at-least-do = { rule-broken-whole-amounts-do }
rule-broken-between = { $gateway } só aceita valores de { $least } a { $most }; o preço é de { $price }.
rule-broken-between-do = { rule-broken-whole-amounts-do }
rule-broken-multiples-of = { $gateway } só aceita múltiplos de { $step }; o preço é de { $price }.
rule-broken-multiples-of-do = { rule-broken-whole-amounts-do }
rule-broken-currencies = { $gateway } só aceita estas moedas: { $codes }. O preço é de { $price-code }.
rule-broken-currencies-do = { rule-broken-whole-amounts-do }
rule-broken-address-length = { $gateway } não aceita endereços com mais de { $max } caracteres; os deste hotspot são mais compridos.
rule-broken-address-length-do = Encurte «public_url» em mikrelay.toml ou o «label» do hotspot em site.toml.

## O resto
unexplained = Este pedido precisa da sua atenção.
unexplained-do = «{ $show }» mostra toda a sua história; «{ $retry }» tenta-o de novo depois de corrigida a causa.
other-do = { unexplained-do }

## As definições mik… de um webhook
fault-too-long = «{ $name }» tem mais de { $max } bytes: escreva um valor mais curto.
fault-control-character = «{ $name }» contém um carácter invisível, por exemplo uma mudança de linha: escreva o valor de novo.
fault-unexpanded = «{ $name }» é «{ $value }», que só as páginas do router substituem: escreva o próprio valor.
fault-not-utf8 = «{ $name }» não é texto UTF-8: escreva o valor de novo.
fault-broken-percent = «{ $name }» tem um «%» sem dois algarismos hexadecimais a seguir: escreva «%25» em vez de «%».
fault-two-headers = «{ $name }» está em mais de um cabeçalho: deixe só um.
fault-two-values = «{ $name }» tem vários valores diferentes: deixe só um.
fault-too-many = O endereço do webhook tem mais de { $max } parâmetros: deixe só os que começam por «mik».
fault-user-mode = «{ $name }» é «{ $value }»: escreva «vc», «up» ou «pin».
fault-length = «{ $name }» é «{ $value }»: escreva um número de { $min } a { $max }.
fault-alphabet = «{ $name }» é «{ $value }»: escreva «lower», «upper», «upplow», «mix», «mix1» ou «mix2».
fault-prefix = «{ $name }» é «{ $value }»: escreva no máximo { $max } letras e algarismos, com no máximo um hífen.
fault-email = «{ $name }» é «{ $value }»: escreva um só endereço de e-mail, por exemplo «nome@example.com».
fault-currency = «{ $name }» é «{ $value }»: escreva «FCFA» ou um código ISO, por exemplo «XOF».
fault-access-uuid = «{ $name }» não é um UUID de acesso: copie o «access_uuid» do router a partir de site.toml.
fault-dns-name = «{ $name }» é «{ $value }»: escreva o nome DNS do hotspot, por exemplo «wifi.example.net», sem «http://» nem «/».
fault-port = «{ $name }» é «{ $value }»: depois dos dois pontos, escreva uma porta de 1 a 65535, ou nada.
fault-server = «{ $name }» é «{ $value }»: escreva o nome do servidor hotspot no router, no máximo { $max } caracteres sem acentos.
fault-other = «{ $name }»: { $sentence }
