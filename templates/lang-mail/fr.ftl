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
line-price = Prix : { $value }
line-gateway = Paiement par : { $value }
line-gateway-reference = Référence de paiement : { $value }
line-order = Référence : { $value }
line-phone = Téléphone : { $value }
line-mac = Appareil (MAC) : { $value }

# À l’exploitant, quand une commande a besoin de lui.
alert-held-subject = Commande retenue : { $plan }, { $amount }
alert-stuck-subject = Commande bloquée : { $plan }, { $amount }
alert-other-subject = Commande à vérifier : { $plan }, { $amount }
alert-held-intro = Une commande attend votre décision. Aucun code n’a été créé.
alert-stuck-intro = Un paiement est arrivé, mais le code n’a pas encore pu être créé.
alert-other-intro = Une commande a besoin de vous.
alert-what =
    Ce qui s’est passé :
    { $value }
alert-do =
    À faire :
    { $value }

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

## Messages qu’aucune commande n’a pu prendre
event-subject = Messages de vos passerelles à vérifier ({ $count })
event-intro = { $company } : une passerelle a envoyé ces messages. Ils sont authentiques, mais rien n’a pu en être fait ici : rien n’a été livré ni retiré à cause d’eux.
event-unreadable = Message { $event }, compte { $account } : il n’a pas pu être lu : « { $value } ».
event-taken-back = Message { $event }, compte { $account } : l’argent du paiement { $value } est contesté ou a été repris, et aucune commande d’ici n’a ce paiement.
event-of-another-account = Message { $event }, compte { $account } : il concerne la commande { $value }, vendue par un autre compte.
event-not-shown = Message { $event }, compte { $account } : la passerelle ne montre pas le paiement { $value } à ce compte. Ses clés sont peut-être celles d’un autre vendeur.
event-account-refused = Message { $event }, compte { $account } : la passerelle refuse les clés de ce compte : « { $value } ». Les paiements ne sont pas reconnus tant qu’elles ne sont pas corrigées dans site.toml et appliquées ; ce message est ensuite traité de lui-même.
event-do = Que faire : regardez dans le tableau de bord de la passerelle à qui est ce paiement, et répondez-y à une contestation avant la date limite. « { $show } » suivi du numéro montre ce qui a été envoyé, « { $list } » les donne tous.

## De l’argent qui est rendu
refund-done-subject = Remboursé : { $plan }, { $amount }
refund-done = { $company } : un paiement a été rendu à l’acheteur. Son code ne fonctionne plus.
refund-done-extra = { $company } : un second paiement pour un même achat a été rendu à l’acheteur. Son code continue de fonctionner.
refund-buyer-subject = Votre remboursement : { $plan }, { $amount }
refund-buyer = { $company } vous a rendu votre paiement. Le code Wi-Fi de cet achat ne fonctionne plus.
refund-buyer-extra = Vous avez payé deux fois le même achat. { $company } vous a rendu le second paiement. Votre code Wi-Fi continue de fonctionner.
refund-buyer-when = L’argent revient par où il est venu. Votre banque ou votre opérateur peut mettre quelques jours.
refund-todo-subject = À faire : rendre { $amount } ({ $plan })
refund-todo = { $company } : un paiement doit être rendu à l’acheteur. { $gateway } ne le fait que par votre main :
refund-todo-extra = { $company } : un même achat a été payé deux fois, et ce second paiement doit être rendu à l’acheteur. { $gateway } ne le fait que par votre main :
refund-way-open = Ouvrez le tableau de bord de { $gateway } et cherchez la transaction { $payment }.
refund-way-fedapay = Ouvrez-la, choisissez « Rembourser » et confirmez { $amount }. FedaPay ne rembourse que MTN Mobile Money ; pour les autres opérateurs, envoyez vous-même { $amount } au numéro qui a payé.
refund-way-cinetpay = CinetPay n’a pas de bouton de remboursement : envoyez { $amount } par un transfert au numéro qui a payé, ou demandez au support de CinetPay d’annuler la transaction { $payment }.
refund-way-feexpay = Ouvrez le menu « Remboursements », choisissez la transaction et confirmez { $amount }.
refund-way-other = Ouvrez-la, choisissez « Rembourser » et confirmez { $amount }.
refund-way-done = Lancez ensuite « { $command } » : le code cesse de fonctionner et l’acheteur est prévenu.
refund-way-done-extra = Lancez ensuite « { $command } » : l’acheteur est prévenu et son code continue de fonctionner.

# Avis par Telegram, à l'opérateur.
telegram-sold = { $company } : vente acceptée
telegram-refused = { $company } : paiement refusé
telegram-customer = Client : { $value }
telegram-email = E-mail : { $value }
telegram-reason = Motif : { $value }
telegram-pin = PIN : { $value }
telegram-test = { $company } : message d'essai. Les avis de vos ventes arriveront ici.
telegram-fault-subject = Telegram refuse vos avis
telegram-fault = { $company } : Telegram ne prend pas les avis de vos ventes. Sa réponse : { $words }
telegram-fault-do = Vérifiez le jeton du bot et le chat, et que le bot est toujours dans le chat et n'est pas bloqué. Les avis des dernières 24 heures partent dès que Telegram les prend. Vos ventes continuent comme toujours.

## Le certificat du relais
certificate-subject = Le certificat de { $name } a besoin de vous
certificate-soon = { $days ->
    [0] Le certificat de { $name } expire aujourd’hui
    [one] Le certificat de { $name } expire dans { $days } jour
   *[other] Le certificat de { $name } expire dans { $days } jours
} et n’a pas été renouvelé. Ensuite, les téléphones refuseront les pages de paiement.
certificate-over = Le certificat de { $name } a expiré : les téléphones refusent les pages de paiement.
certificate-do-ours = Que faire : le relais le renouvelle lui-même et n’y est pas arrivé jusqu’ici ; son journal dit pourquoi et ce qui aide. Le plus souvent, le port 80 de ce nom n’atteint plus le relais, ou le nom mène ailleurs.
certificate-do-files = Que faire : renouvelez le certificat et mettez le nouveau dans les fichiers que les réglages nomment. Le relais le prend dans la minute ; il n’a pas besoin d’être redémarré.
