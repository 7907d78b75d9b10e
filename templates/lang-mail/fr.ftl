# Courriels. Les valeurs viennent d’ailleurs : chacune tient sur une ligne.

# À l’exploitant, pour chaque vente.
sale-subject = Vente : { $plan }, { $amount }
sale-intro = { $company } : une vente sur { $hotspot }.

# À l’acheteur.
code-subject = Votre code Wi-Fi : { $plan }, { $amount }
code-intro = Merci pour votre achat. Voici votre accès Wi-Fi de { $company }.
code-keep = Gardez ce message : la référence permet de retrouver le code.
code-how = Pour vous connecter : rejoignez le Wi-Fi, ouvrez { $address } et saisissez l’accès ci-dessus.
code-how-plain = Pour vous connecter : rejoignez le Wi-Fi et saisissez l’accès ci-dessus sur la page qui s’ouvre.

# Lignes communes.
line-code = Code : { $value }
line-pin = Code (sans mot de passe) : { $value }
line-user = Identifiant : { $value }
line-password = Mot de passe : { $value }
line-plan = Forfait : { $value }
line-profile = Profil du routeur : { $value }
line-amount = Montant : { $value }
line-gateway = Paiement par : { $value }
line-gateway-reference = Référence de paiement : { $value }
line-order = Référence : { $value }
line-phone = Téléphone : { $value }
line-mac = Appareil (MAC) : { $value }

# À l’exploitant, quand une commande a besoin de lui.
alert-held-subject = Commande retenue : { $plan }, { $amount }
alert-stuck-subject = Commande bloquée : { $plan }, { $amount }
alert-other-subject = Commande à vérifier : { $plan }, { $amount }
alert-held-intro = Un paiement est arrivé, mais aucun code n’a été créé.
alert-stuck-intro = Un paiement est arrivé, mais le routeur refuse de créer le code.
alert-other-intro = Une commande a besoin de vous.
alert-reason = Raison : { $value }
alert-held-do = À faire : vérifiez le paiement chez la passerelle. S’il est bon, lancez « { $retry } » : l’acheteur reçoit son code. Sinon, remboursez-le chez la passerelle.
alert-stuck-do = À faire : corrigez la cause sur le routeur. La commande reprend ensuite toute seule ; « { $retry } » la relance tout de suite.
alert-other-do = À faire : « { $show } » montre toute son histoire, « { $retry } » la relance une fois la cause corrigée.

# À l’exploitant, une fois par jour, quand passerelle et relais ne disent pas la même chose.
ledger-subject = Contrôle du jour : paiements à vérifier ({ $count })
ledger-intro = { $company } : ce que les passerelles disent payé a été comparé à ce qui a été livré. Voici ce qui ne concorde pas.
ledger-account = Compte { $account } :
ledger-unknown = { $payment }, { $amount } : payé chez la passerelle, mais aucune commande d’ici n’a ce paiement. S’il était pour le Wi-Fi, remboursez-le ou donnez un code à l’acheteur.
ledger-second = { $payment }, { $amount } : un second paiement pour la commande { $order }. Remboursez l’un des deux.
ledger-unsettled = { $payment }, { $amount } : payé chez la passerelle, mais la commande { $order } n’a pas pu prendre ce paiement.
ledger-held = { $payment }, { $amount } : la commande { $order } est retenue ; à vous de décider.
ledger-stuck = { $payment }, { $amount } : la commande { $order } est payée, mais le routeur la refuse.
ledger-undelivered = { $payment }, { $amount } : la commande { $order } est payée, mais le routeur n’a pas encore répondu.
ledger-more = … et { $count } de plus.
ledger-do = À faire : « { $list } » montre toute la liste, « { $show } » l’histoire d’une commande.
