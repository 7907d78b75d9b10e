# Ce que lit l’exploitant : ce qui s’est passé et, sous « -do », ce qu’il faut faire. Les quatre fichiers ont les
# mêmes clés et les mêmes valeurs. Les mots entre guillemets venus d’ailleurs restent tels quels.

## L’argent
wrong-amount = L’acheteur a payé { $paid } ; le prix est de { $price }.
wrong-amount-do = Si vous acceptez ce paiement, lancez « { $retry } » : l’acheteur recevra son code. Sinon, remboursez-le depuis le tableau de bord de { $gateway }.
wrong-currency = L’acheteur a payé { $paid-code } ; le prix est de { $price-code }. Ce n’est pas la même monnaie.
wrong-currency-do = { wrong-amount-do }
amount-unknown = { $gateway } annonce un paiement sans en donner le montant.
amount-unknown-do = Vérifiez le montant dans le tableau de bord de { $gateway }. S’il est bon, lancez « { $retry } » : l’acheteur recevra son code. Sinon, remboursez-le.
sandbox-on-live-account = { $gateway } annonce un paiement d’essai (sandbox) sur le compte réel « { $account } ». Aucun argent n’a été versé.
sandbox-on-live-account-do = Ne donnez pas de code ; il n’y a rien à rembourser. Vérifiez dans site.toml que ce compte a bien ses clés réelles (live), et non ses clés d’essai.
sandbox-for-live-plan = Un paiement d’essai (sandbox) est arrivé par le compte « { $account } » pour un forfait vendu contre de l’argent réel. Aucun argent n’a été versé.
sandbox-for-live-plan-do = Ne donnez pas de code ; il n’y a rien à rembourser. Pour faire des essais, créez dans site.toml un forfait réservé à ce compte (réglage « accounts »).
unusable-params = { $faults ->
    [one] Le paiement est bon, mais un réglage du webhook est inutilisable.
   *[other] Le paiement est bon, mais des réglages du webhook sont inutilisables.
}
unusable-params-do = Corrigez le webhook dans le tableau de bord de { $gateway }, puis lancez « { $retry } » : la commande continuera avec les réglages du hotspot.
paid-twice = L’acheteur a payé deux fois : paiements « { $first } » et « { $second } » chez { $gateway }. Il n’a droit qu’à un seul code.
paid-twice-do = Rendez l’un des deux paiements : « { $refund } --payment { $second } ».
payment-disputed = Ce paiement est contesté. { $gateway } décidera à qui revient l’argent.
payment-disputed-do = Répondez à la contestation dans le tableau de bord de { $gateway }. Si l’acheteur n’a pas encore son code et que l’argent vous revient, lancez « { $retry } ».
partly-refunded = Une partie de ce paiement a été remboursée chez { $gateway }.
partly-refunded-do = Vérifiez ce remboursement dans le tableau de bord de { $gateway }. Si l’acheteur n’a pas encore son code et que le reste vous suffit, lancez « { $retry } ».
charged-back = La banque de l’acheteur a repris l’argent de ce paiement chez { $gateway }. Le code ne fonctionne plus.
charged-back-do = Si vous contestez, faites-le dans le tableau de bord de { $gateway }. Dans tous les cas, le code reste désactivé.
chargeback-won = { $gateway } a tranché un litige en votre faveur : l’argent de ce paiement est de nouveau à vous. Le code reste désactivé.
chargeback-won-do = Si l’acheteur doit pouvoir continuer, réactivez son utilisateur sur le routeur. « { $show } --voucher » donne son nom.
refund-refused = { $gateway } ne rend pas { $paid } (paiement « { $payment } »). Sa réponse : « { $words } ».
refund-refused-do = Rendez l’argent depuis le tableau de bord de { $gateway }, puis lancez « { $refunded } ». « { $refund } --yes » redemande à { $gateway } ; « { $retry } » livre une commande retenue.
refund-held-up = { $paid } ne peut pas encore être rendu : { $gateway } refuse le compte « { $account } ». Sa réponse : « { $words } ».
refund-held-up-do = Corrigez les clés de ce compte dans site.toml et appliquez-le. Le remboursement reprend ensuite tout seul.
refund-awaits-router = Cette commande n’a pas été livrée à temps. { $paid } sera rendu à l’acheteur dès que le routeur répondra et que son utilisateur sera retiré.
refund-awaits-router-do = « { $refund } --yes » rend l’argent sans attendre le routeur ; « { $retry } » livre plutôt la commande.
paid-after-chargeback = La banque de l’acheteur avait repris ce paiement avant qu’il n’achète quoi que ce soit ; maintenant, { $gateway } le dit payé.
paid-after-chargeback-do = Vérifiez dans le tableau de bord de { $gateway } à qui est l’argent. S’il est à vous, lancez « { $retry } » : l’acheteur recevra son code.
refund-still-open = { $paid } (paiement « { $payment } ») doit être rendu depuis { $days ->
    [one] un jour
   *[other] { $days } jours
} et ne l’est toujours pas. { $standing ->
    [wished] Rien n’a encore été demandé à { $gateway }.
    [pending] { $gateway } a accepté le remboursement et ne l’a pas terminé.
    [by_hand] Cela dépend de vous : { $gateway } ne rend rien tout seul.
   *[other] La demande a été envoyée à { $gateway } ; on ne sait pas ce qu’elle est devenue.
}
refund-still-open-do = « { $show } » dit ce qui manque. Si vous rendez l’argent dans le tableau de bord de { $gateway }, lancez ensuite « { $refunded } --payment { $payment } ».

## Le hotspot et le routeur
hotspot-gone = Un paiement est arrivé, mais le hotspot « { $hotspot } » n’est plus dans site.toml.
hotspot-gone-do = Remettez-le dans site.toml, lancez « mikrelay apply site.toml », puis « { $retry } ».
router-without-login = Le relais n’a ni nom d’utilisateur ni mot de passe pour le routeur « { $router } ».
router-without-login-do = Ajoutez « user » et « password » à ce routeur dans site.toml, puis lancez « mikrelay apply site.toml ». La commande reprendra toute seule.
profile-missing = Le routeur « { $router } » ne connaît pas le profil « { $profile } ».
profile-missing-do = Créez un profil de ce nom exact dans Winbox (IP → Hotspot → User Profiles) : la commande reprendra toute seule. Si le nom est faux, corrigez aussi le forfait dans site.toml pour les ventes suivantes.
server-missing = Le routeur « { $router } » n’a pas de serveur hotspot nommé « { $server } ».
server-missing-do = Mettez dans site.toml, au réglage « name » du hotspot, le nom exact du serveur (Winbox : IP → Hotspot → Servers), puis lancez « mikrelay apply site.toml ». La commande reprendra toute seule.
callback-server-missing = Le webhook demande le serveur hotspot « { $server } » (réglage « mikserver »), que le routeur « { $router } » n’a pas.
callback-server-missing-do = Corrigez ou retirez « mikserver » dans le webhook, puis lancez « { $retry } » : la commande continuera avec le serveur du hotspot, « { $own } ».
router-login-refused = Le routeur « { $router } » refuse la connexion du relais. Sa réponse : « { $words } ».
router-login-refused-do = Comparez « user » et « password » de ce routeur dans site.toml avec l’utilisateur du routeur (Winbox : System → Users). Si vous changez site.toml, lancez « mikrelay apply site.toml ». La commande reprendra toute seule.
router-rights-missing = Le routeur « { $router } » refuse l’ordre : l’utilisateur du relais n’a pas assez de droits.
router-rights-missing-do = Donnez à son groupe les droits « api », « read » et « write » (Winbox : System → Users → Groups). La commande reprendra toute seule.
router-address-unusable = L’adresse du routeur « { $router } » est inutilisable : « { $address } ».
router-address-unusable-do = Écrivez-la dans site.toml sous la forme « hôte:port », puis lancez « mikrelay apply site.toml ». La commande reprendra toute seule.
router-tls-fails = La connexion chiffrée au routeur « { $router } » échoue : « { $words } ».
router-tls-fails-do = Vérifiez le certificat du service « api-ssl » (Winbox : IP → Services) et le réglage « tls » du routeur dans site.toml. La commande reprendra toute seule.
router-not-speaking-api = Ce qui répond à l’adresse du routeur « { $router } » ne parle pas l’API de RouterOS : « { $words } ».
router-not-speaking-api-do = Vérifiez l’adresse et le port dans site.toml (8728, ou 8729 avec TLS) et le service « api » du routeur (Winbox : IP → Services). La commande reprendra toute seule.
router-refuses = Le routeur « { $router } » refuse de créer le code. Sa réponse : « { $words } ».
router-refuses-do = Corrigez la cause sur le routeur : la commande reprendra toute seule. « { $retry } » la relance tout de suite.
sale-record-refused = La vente est faite ; seule sa ligne dans les rapports de Mikhmon manque : le routeur « { $router } » la refuse. Sa réponse : « { $words } ».
sale-record-refused-do = Donnez au groupe de l’utilisateur du relais le droit « write », et « policy » si cela ne suffit pas (Winbox : System → Users → Groups) ; le relais réessaie pendant trois jours. Ou mettez « mikhmon_records = false » dans site.toml.
value-unsendable = La valeur « { $field } » contient un caractère qui ne peut pas être écrit sur le routeur « { $router } ».
value-unsendable-do = Corrigez cette valeur dans site.toml (lettres sans accent, chiffres, signes simples), puis lancez « mikrelay apply site.toml » et « { $retry } ».
router-answer-incomplete = La réponse du routeur « { $router } » à « { $command } » est incomplète : il manque « { $property } ».
router-answer-incomplete-do = Vérifiez ce routeur avec « mikrelay router test { $router } » et mettez RouterOS à jour. La commande reprendra toute seule.

## La passerelle de paiement
gateway-silent = { $gateway } n’a pas donné de réponse utilisable : « { $words } ».
gateway-silent-do = L’acheteur peut réessayer. Si cela dure, vérifiez l’état de { $gateway } et la connexion du serveur.
account-refused = { $gateway } refuse le compte « { $account } » : « { $words } ».
account-refused-do = Vérifiez les clés de ce compte dans site.toml et son état dans le tableau de bord de { $gateway }. L’acheteur devra ensuite recommencer.
request-refused = { $gateway } refuse cette demande de paiement : « { $words } ».
request-refused-do = Corrigez ce que la réponse indique, par exemple le prix du forfait. L’acheteur devra ensuite recommencer.
declined = { $gateway } a refusé le paiement : « { $words } ».
declined-do = Vous n’avez rien à faire : l’acheteur peut recommencer.

rule-broken-whole-amounts = { $gateway } n’accepte que les montants entiers ; le prix est de { $price }.
rule-broken-whole-amounts-do = Changez le prix du forfait dans site.toml, ou vendez-le par un autre compte.
rule-broken-at-least = { $gateway } n’accepte pas moins de { $least } ; le prix est de { $price }.
rule-broken-at-least-do = { rule-broken-whole-amounts-do }
rule-broken-between = { $gateway } n’accepte que les montants de { $least } à { $most } ; le prix est de { $price }.
rule-broken-between-do = { rule-broken-whole-amounts-do }
rule-broken-multiples-of = { $gateway } n’accepte que les multiples de { $step } ; le prix est de { $price }.
rule-broken-multiples-of-do = { rule-broken-whole-amounts-do }
rule-broken-currencies = { $gateway } n’accepte que ces monnaies : { $codes }. Le prix est de { $price-code }.
rule-broken-currencies-do = { rule-broken-whole-amounts-do }
rule-broken-address-length = { $gateway } n’accepte pas les adresses de plus de { $max } caractères ; celles de ce hotspot sont plus longues.
rule-broken-address-length-do = Raccourcissez « public_url » dans mikrelay.toml ou le « label » du hotspot dans site.toml.

## Le reste
unexplained = Cette commande a besoin de vous.
unexplained-do = « { $show } » montre toute son histoire ; « { $retry } » la relance une fois la cause corrigée.
other-do = { unexplained-do }

## Les réglages mik… d’un webhook
fault-too-long = « { $name } » dépasse { $max } octets : écrivez une valeur plus courte.
fault-control-character = « { $name } » contient un caractère invisible, par exemple un retour à la ligne : saisissez la valeur à nouveau.
fault-unexpanded = « { $name } » vaut « { $value } », que seules les pages du routeur remplacent : écrivez la valeur elle-même.
fault-not-utf8 = « { $name } » n’est pas un texte UTF-8 : saisissez la valeur à nouveau.
fault-broken-percent = « { $name } » contient un « % » qui n’est pas suivi de deux chiffres hexadécimaux : écrivez « %25 » pour « % ».
fault-two-headers = « { $name } » est dans plusieurs en-têtes : gardez-en un seul.
fault-two-values = « { $name } » a plusieurs valeurs différentes : gardez-en une seule.
fault-too-many = L’adresse du webhook a plus de { $max } paramètres : ne gardez que ceux qui commencent par « mik ».
fault-user-mode = « { $name } » vaut « { $value } » : écrivez « vc », « up » ou « pin ».
fault-length = « { $name } » vaut « { $value } » : écrivez un nombre de { $min } à { $max }.
fault-alphabet = « { $name } » vaut « { $value } » : écrivez « lower », « upper », « upplow », « mix », « mix1 » ou « mix2 ».
fault-prefix = « { $name } » vaut « { $value } » : écrivez au plus { $max } lettres et chiffres, avec un seul trait d’union au plus.
fault-email = « { $name } » vaut « { $value } » : écrivez une seule adresse e-mail, par exemple « nom@example.com ».
fault-currency = « { $name } » vaut « { $value } » : écrivez « FCFA » ou un code ISO, par exemple « XOF ».
fault-access-uuid = « { $name } » n’est pas un UUID d’accès : recopiez « access_uuid » du routeur depuis site.toml.
fault-dns-name = « { $name } » vaut « { $value } » : écrivez le nom DNS du hotspot, par exemple « wifi.example.net », sans « http:// » ni « / ».
fault-port = « { $name } » vaut « { $value } » : après le deux-points, écrivez un port de 1 à 65535, ou rien.
fault-server = « { $name } » vaut « { $value } » : écrivez le nom du serveur hotspot sur le routeur, au plus { $max } caractères sans accent.
fault-other = « { $name } » : { $sentence }
