# Textes pour les acheteurs. Les quatre fichiers ont les mêmes clés et les mêmes arguments (un test le vérifie).

## Partout
languages = Langue
recover-link = Déjà payé ? Retrouver mon code

time-days = { $n ->
    [one] { $n } jour
   *[other] { $n } jours
}
time-hours = { $n } h
time-minutes = { $n } min
time-seconds = { $n } s
data-gib = { $n } Go
data-mib = { $n } Mo
data-kib = { $n } Ko
data-bytes = { $n } octets

## Page d’achat
buy-eyebrow = Accès Wi-Fi
buy-time = Temps de connexion
buy-data = Données
buy-data-free = sans limite
buy-price-differs = Le prix a changé depuis ce lien. Le prix affiché ici est le bon.
buy-how-redirect = Vous payez sur la page sécurisée de { $gateway }, puis vous revenez ici.
buy-how-script = Vous payez dans la fenêtre sécurisée de { $gateway }.
buy-how-phone = Une demande de paiement arrive sur votre téléphone. Vous la confirmez avec votre code secret.
buy-choose = Comment voulez-vous payer ?
buy-choice-page = Mobile money ou carte
buy-choice-phone = Mobile money
buy-choice-phone-by = Par votre numéro, avec { $gateway }
buy-choice-page-by = Sur la page de { $gateway }
buy-phone = Numéro mobile money
buy-phone-hint = Le numéro qui paie.
buy-network = Opérateur
buy-network-auto = D’après le numéro
buy-otp = Code à usage unique (OTP)
buy-otp-hint = Demandé par { $networks }. Votre opérateur vous le donne.
buy-otp-dial = Composez { $code } pour le recevoir.
buy-email = E-mail (facultatif)
buy-email-hint = Pour recevoir aussi votre code par e-mail.
buy-button = Payer { $price }
buy-after-device = Après le paiement, votre code s’affiche et votre appareil se connecte tout seul.
buy-after-code = Après le paiement, votre code s’affiche ici.
buy-unexpanded = Pour l’exploitant : le lien contient { $names } sans le remplacer. Ce lien doit se trouver dans login.html, sur le routeur. La vente reste possible ; l’acheteur entrera son code lui-même.

field-error = Vérifiez le formulaire
field-phone = Ce numéro n’est pas reconnu. Écrivez-le en entier, par exemple avec l’indicatif du pays.
field-network = Choisissez votre opérateur.
field-otp = Entrez le code à usage unique de votre opérateur.
field-email = Cette adresse e-mail n’est pas valable.
field-account = Choisissez un moyen de paiement.
field-other = Une valeur manque ou n’est pas valable.

## Page de la commande
order-summary = Résumé
order-plan = Forfait
order-price = Prix
order-reference = Référence
order-reference-keep = Gardez cette référence : elle retrouve votre code.
order-step-pay = Paiement
order-step-access = Accès
order-step-online = En ligne
order-steps = Avancement
order-live = Cette page se met à jour toute seule.
order-refresh = Actualiser
order-waiting-title = En attente du paiement
order-waiting-phone = Une demande de paiement a été envoyée au numéro qui finit par { $digits }. Confirmez-la avec votre code secret.
order-waiting-open = Terminez le paiement sur la page de { $gateway }. Déjà payé ? Ne payez pas une seconde fois : cette page change dès que { $gateway } le confirme.
order-waiting-script = Appuyez sur le bouton : la fenêtre de paiement de { $gateway } s’ouvre.
order-waiting-nothing = Nous attendons la réponse de { $gateway }.
order-open-button = Ouvrir la page de paiement
order-till-title = Payez avec ce numéro
order-till-cash = Allez chez { $store } et dictez ce numéro à la caisse.
order-till-store = Allez dans un magasin et dictez ce numéro à la caisse.
order-till-transfer = Virez le montant sur ce compte depuis l’application de votre banque.
order-till-number = Numéro de paiement
order-till-account = Numéro de compte (CLABE)
order-till-amount = Montant exact
order-till-bank = Banque
order-till-until = À payer avant le
order-till-barcode = Afficher le code-barres
order-till-later = Votre code arrive tout seul dès que le paiement est confirmé, même des jours plus tard et cette page fermée.
order-till-return = Pour revenir, gardez l’adresse de cette page, ou utilisez la référence ci-dessous et le montant :
order-script-needed = Ce paiement a besoin de JavaScript. Copiez l’adresse de cette page et ouvrez-la dans Chrome, Firefox ou Safari.
order-script-missing = Le bouton de paiement n’a pas pu être chargé. Actualisez la page ; si cela continue, prévenez l’exploitant.
order-script-button = Payer { $price }
order-try-title = { $gateway } ne répond pas
order-try-text = Le paiement n’a pas pu commencer. Réessayez dans un instant.
order-try-button = Réessayer
order-paid-title = Paiement reçu
order-paid-text = Nous créons votre accès. Cela prend quelques secondes.
order-paid-slow = Le routeur Wi-Fi ne répond pas encore. Votre accès sera créé dès qu’il répondra. Ne payez pas une deuxième fois.
order-stuck-text = Votre paiement est enregistré. L’exploitant a été prévenu et doit terminer la création de votre accès. Ne payez pas une deuxième fois.
order-ready-title = Votre code est prêt
order-online-title = Vous êtes en ligne
order-connecting = Connexion de votre appareil…
order-code = Votre code
order-user = Nom d’utilisateur
order-password = Mot de passe
order-copy = Copier
order-copied = Copié
order-code-keep = Notez ce code : il vous reconnecte si cette fenêtre se ferme.
order-login-button = Se connecter au Wi-Fi
order-login-hint = Restez sur le Wi-Fi de { $company }.
order-login-manual = Entrez ce code sur la page de connexion du Wi-Fi.
order-continue-button = Continuer
order-link-paid-text = Merci. Votre paiement est terminé.
order-link-for = Paiement de
order-link-back-button = Retour à la boutique
order-failed-title = Le paiement n’a pas abouti
order-cancelled-title = Paiement annulé
order-expired-title = Le délai de paiement est passé
order-failed-reason = Réponse de { $gateway } :
order-failed-balance = Vérifiez votre solde et votre plafond mobile money, puis réessayez.
order-decline-funds = Il n’y a pas assez d’argent pour ce paiement. Utilisez une autre carte ou un autre moyen de paiement.
order-decline-details = Les données de la carte n’ont pas été acceptées. Vérifiez le numéro, la date et le code de sécurité, puis réessayez.
order-decline-bank = Votre banque doit autoriser ce paiement. Appelez-la, ou utilisez une autre carte.
order-decline-card = Cette carte ne peut pas être utilisée ici. Utilisez une autre carte ou un autre moyen de paiement.
order-decline-risk = Le paiement a été refusé par sécurité. Utilisez un autre moyen de paiement, par exemple les espèces.
order-decline-often = Cette carte a été essayée trop souvent. Utilisez une autre carte, ou réessayez plus tard.
order-decline-twice = Le même paiement vient d’être fait. Regardez s’il a abouti avant de payer encore une fois.
order-decline-challenge = La confirmation de votre banque n’a pas abouti. Réessayez et confirmez le paiement sur la page de la banque.
order-decline-other = La carte a été refusée sans raison donnée. Utilisez une autre carte ou un autre moyen de paiement.
order-late-money = Si vous avez quand même été débité, gardez cette référence : l’accès est créé dès que le paiement est confirmé.
order-retry-button = Réessayer
order-held-title = Paiement à vérifier
order-held-text = Le paiement reçu ne correspond pas à cet achat. L’exploitant est prévenu : donnez-lui la référence ci-dessous.
order-refunding-title = Votre argent vous est rendu
order-refunding-text = Cet accès n’a pas pu être livré à temps, ou son remboursement a été demandé. L’exploitant vous rend votre paiement : gardez la référence ci-dessous.
order-refunded-title = Achat remboursé
order-refunded-text = Ce paiement a été remboursé et le code n’est plus valable.
order-again-button = Acheter à nouveau

## Retrouver un code
recover-title = Retrouver mon code
recover-intro = Vous avez payé et vous n’avez plus votre code ? Il est toujours là.
recover-reference = Référence du paiement
recover-reference-hint = Celle de votre page d’achat, du SMS ou du reçu de paiement.
recover-second = 4 derniers chiffres du numéro qui a payé
recover-second-hint = Payé par carte, ou rien n’est trouvé ? Tapez le montant payé. Inutile sur l’appareil qui a fait l’achat.
recover-button = Retrouver
recover-nothing = Aucun achat ne correspond. Vérifiez la référence et les 4 derniers chiffres du numéro qui a payé ; si vous avez payé par carte, tapez le montant payé. Si vous venez de payer, réessayez dans une minute.

## Accueil
home-title = Paiement Wi-Fi
home-text = Pour acheter un accès, connectez-vous au Wi-Fi et choisissez un forfait sur sa page de connexion.

## Erreurs
error-operator = Pour l’exploitant
error-plan-title = Ce forfait n’existe pas
error-plan-text = Revenez à la page de connexion du Wi-Fi et choisissez un forfait.
error-hotspot-title = Ce Wi-Fi n’est pas connu
error-hotspot-text = Revenez à la page de connexion du Wi-Fi ou demandez à l’exploitant.
error-account-title = Ce moyen de paiement n’est pas prêt
error-account-text = Choisissez un autre moyen de paiement sur la page de connexion du Wi-Fi, ou demandez à l’exploitant.
error-link-title = Ce lien est incomplet
error-link-text = Revenez à la page de connexion du Wi-Fi et touchez à nouveau le forfait.
error-sell-title = Ce forfait ne peut pas être payé en ce moment
error-sell-text = Choisissez un autre moyen de paiement ou demandez à l’exploitant.
error-order-title = Cet achat est introuvable
error-order-text = Vérifiez l’adresse, ou retrouvez votre code avec la référence du paiement.
error-lost-title = Cette page n’existe pas
error-lost-text = Pour acheter un accès, ouvrez la page de connexion du Wi-Fi.
error-often-title = Trop de demandes
error-often-text = Attendez { $seconds } secondes, puis réessayez.
error-busy-title = Le service est occupé
error-busy-text = Réessayez dans quelques secondes. Si vous avez déjà payé, votre achat n’est pas perdu.
error-request-title = Cette demande ne peut pas être lue
error-request-text = Revenez à la page précédente et réessayez.
error-broken-title = Une erreur s’est produite
error-broken-text = Réessayez. Si vous avez déjà payé, votre achat n’est pas perdu.

## Pour l’exploitant, sur une page d’erreur
hint-plan = Le forfait « { $plan } » n’existe pas dans site.toml. Corrigez le lien dans login.html ou ajoutez ce forfait.
hint-account = Aucun compte { $gateway } n’a la clé ou le site de ce lien. Comparez le lien dans login.html avec site.toml.
hint-hotspot = Cette entreprise n’a pas de hotspot nommé « { $name } » dans site.toml. Le réglage « name » du hotspot doit être le nom exact du serveur sur le routeur.
hint-hotspot-twice = Plusieurs hotspots de l’entreprise s’appellent « { $name } ». Mettez dans login.html le lien court du forfait (/b/…).
hint-no-plan = Aucun forfait du hotspot « { $hotspot } » ne vend le profil « { $profile } » avec ces limites. Ajoutez-le dans site.toml ou corrigez le lien dans login.html.
hint-missing = Il manque « { $name } » dans le lien. Corrigez-le dans login.html.
hint-unexpanded = Le lien contient « { $value } » sans le remplacer. Il doit se trouver dans login.html, sur le routeur, qui met la vraie valeur à la place.
hint-value-amount = Dans le lien, « { $name } » vaut « { $value } » : écrivez un montant, par exemple « 100 » ou « 12.50 ».
hint-value-price = Dans le lien, « { $name } » manque ou vaut zéro : écrivez le prix.
hint-value-currency = Dans le lien, « { $name } » vaut « { $value } » : écrivez « FCFA » ou un code ISO, par exemple « XOF ».
hint-value-time = Dans le lien, « { $name } » vaut « { $value } » : écrivez une durée, par exemple « 30m », « 4h » ou « 1d12h ».
hint-value-data = Dans le lien, « { $name } » vaut « { $value } » : écrivez un volume, par exemple « 10M » ou « 1G ».
hint-sell-foreign-keys = Les clés du compte « { $account } » ne sont pas celles de { $gateway }. Corrigez-les dans site.toml.
hint-sell-mixed-keys = Le compte « { $account } » mélange des clés d’essai et des clés réelles de { $gateway }. Corrigez-les dans site.toml.
hint-sell-one-of = Il manque au compte « { $account } » au moins un de ces réglages dans site.toml : { $list }.
hint-sell-proof = Sans au moins un de ces réglages dans site.toml, aucun paiement du compte « { $account } » ne peut être vérifié : { $list }.
hint-sell-country = { $gateway } (compte « { $account } ») ne sert que ces pays : { $list }. Corrigez le pays de l’entreprise dans site.toml ou choisissez une autre passerelle.
hint-sell-nobody = Aucun compte de l’entreprise ne peut vendre ce forfait. Corrigez « accounts » du forfait dans site.toml ou ajoutez un compte.
hint-sell-inactive = Le produit, son routeur ou son entreprise est désactivé. Réactivez-le par l’API.
