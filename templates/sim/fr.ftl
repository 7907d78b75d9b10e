# Le monde de démonstration : page d’accueil du hotspot, routeur et courriels.

nav-phone = Portail
nav-pin = Mobile money
nav-router = Routeur
nav-mail = Courriels
demo-note = Démonstration : téléphone, routeur et passerelles sont simulés sur cette machine.

welcome = Bienvenue sur le Wi‑Fi
welcome-hint = Choisissez un forfait, payez par mobile money : vous êtes connecté tout de suite.
you-are-online = Ce téléphone est connecté.
see-status = Voir la session
plans = Forfaits
pin-hint = FeexPay fait sonner le téléphone : ici, la demande s’affiche sur une page à part.
buy = Acheter
short-link = lien court
pays-with = par { $gateway }
days = { $n ->
    [one] { $n } jour
   *[other] { $n } jours
}
hours = { $n ->
    [one] { $n } heure
   *[other] { $n } heures
}
minutes = { $n } min
seconds = { $n } s
no-data-limit = données sans limite
gigabytes = { $n } Go
megabytes = { $n } Mo
have-code = J’ai déjà un code
code = Code
password-if-any = Mot de passe (si vous en avez un)
connect = Se connecter
lost-code = Code perdu ? Le retrouver
login-failed = Connexion refusée : { $why }
router-is-off = Le routeur est éteint : aucune connexion n’est possible pour l’instant.

status-title = Ma session
online = Connecté
offline = Non connecté
offline-hint = Ce téléphone n’a pas accès à Internet pour le moment.
user = Utilisateur
time-left = Temps restant
no-limit = sans limite
address = Adresse IP
device = Appareil (MAC)
disconnect = Se déconnecter
to-plans = Voir les forfaits
other-phone = Prendre un autre téléphone
phone-number = Téléphone { $number }

router-title = Routeur simulé
router-hint = Ce que le relais a fait sur le routeur { $server }, par l’API RouterOS.
power-on = Allumé
power-off = Éteint
switch-on = Allumer
switch-off = Éteindre
power-hint = Éteignez-le, payez, puis rallumez-le : la vente attend et aboutit.
users = Utilisateurs du hotspot
no-users = Aucun utilisateur pour l’instant.
sessions = Sessions actives
no-sessions = Personne n’est connecté.
profile = Profil
limits = Limites
comment = Commentaire
user-disabled = désactivé
commands = Commandes de l’API, la dernière d’abord
no-commands = Aucune commande reçue.
refreshes = Cette page se rafraîchit toutes les cinq secondes.

mail-title = Courriels
mail-hint = Ce que le relais a envoyé à l’exploitant et aux acheteurs.
no-mail = Aucun courriel pour l’instant.
to = À
back = Retour
not-found = Cette page n’existe pas.

pagos-link = Ouvrir le portail d'exemple, qui parle à l'API
forget-users = Terminer tous les forfaits
