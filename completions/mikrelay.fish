# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_mikrelay_global_optspecs
    string join \n config= h/help V/version
end

function __fish_mikrelay_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_mikrelay_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_mikrelay_using_subcommand
    set -l cmd (__fish_mikrelay_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c mikrelay -n "__fish_mikrelay_needs_command" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_needs_command" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_needs_command" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_needs_command" -f -a "serve" -d 'Run the relay'
complete -c mikrelay -n "__fish_mikrelay_needs_command" -f -a "demo" -d 'Show everything on this machine: a portal, simulated gateways and a simulated router'
complete -c mikrelay -n "__fish_mikrelay_needs_command" -f -a "apply" -d 'Take over the business file: companies, routers, hotspots, accounts, plans'
complete -c mikrelay -n "__fish_mikrelay_needs_command" -f -a "export" -d 'Print the business file as it is stored, without secrets'
complete -c mikrelay -n "__fish_mikrelay_needs_command" -f -a "company" -d 'Companies: who owns routers and accounts'
complete -c mikrelay -n "__fish_mikrelay_needs_command" -f -a "router" -d 'Routers, and whether they can be reached'
complete -c mikrelay -n "__fish_mikrelay_needs_command" -f -a "hotspot" -d 'Hotspots: the hotspot servers on routers'
complete -c mikrelay -n "__fish_mikrelay_needs_command" -f -a "account" -d 'Accounts at the payment gateways'
complete -c mikrelay -n "__fish_mikrelay_needs_command" -f -a "plan" -d 'Plans: what is sold on a hotspot'
complete -c mikrelay -n "__fish_mikrelay_needs_command" -f -a "import" -d 'Take over an old portal page: its plans, and a new page whose buttons lead here'
complete -c mikrelay -n "__fish_mikrelay_needs_command" -f -a "order" -d 'Look at orders and let them go on'
complete -c mikrelay -n "__fish_mikrelay_needs_command" -f -a "link" -d 'Look at payments by link, which programs asked for'
complete -c mikrelay -n "__fish_mikrelay_needs_command" -f -a "event" -d 'Look at webhooks and settle them again'
complete -c mikrelay -n "__fish_mikrelay_needs_command" -f -a "hook" -d 'Look at the webhooks that the relay sends, and send them again'
complete -c mikrelay -n "__fish_mikrelay_needs_command" -f -a "key" -d 'Make and revoke keys for programs'
complete -c mikrelay -n "__fish_mikrelay_needs_command" -f -a "user" -d 'People who sign in to administrate'
complete -c mikrelay -n "__fish_mikrelay_needs_command" -f -a "audit" -d 'Look at who changed what'
complete -c mikrelay -n "__fish_mikrelay_needs_command" -f -a "doctor" -d 'Look at everything that sales need, and say what is wrong and what to do'
complete -c mikrelay -n "__fish_mikrelay_needs_command" -f -a "config" -d 'Check the settings file, or print one with every option'
complete -c mikrelay -n "__fish_mikrelay_needs_command" -f -a "kit" -d 'Make what has to be set up around the relay: router script, login page, dashboards'
complete -c mikrelay -n "__fish_mikrelay_needs_command" -f -a "backup" -d 'Copy the database to a new file, while the relay serves'
complete -c mikrelay -n "__fish_mikrelay_needs_command" -f -a "health" -d 'Ask a running relay whether it is well; for container health checks'
complete -c mikrelay -n "__fish_mikrelay_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand serve" -l acme-domain -d 'Speak HTTPS for this name, with a certificate from Let\'s Encrypt, which is taken as agreeing to its terms; may be repeated. The name must lead to this machine, with ports 80 and 443' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand serve" -l acme-email -d 'Who is told when a certificate is not renewed in time' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand serve" -l acme-directory -d '`production`, `staging` for trials, or the address of another authority\'s directory' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand serve" -l cert-file -d 'Speak HTTPS with the certificate chain in this file (PEM)' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand serve" -l key-file -d 'The key of the certificate (PEM)' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand serve" -l tls-listen -d 'Where HTTPS is spoken; 0.0.0.0:443 when absent' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand serve" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand serve" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand serve" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand demo" -l port -d 'Where the relay listens; 0 picks a free port. Without it 8080, or a free one if that is taken' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand demo" -l data -d 'A folder that keeps the data, for other commands to work on while it runs' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand demo" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand demo" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand demo" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand apply" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand apply" -l prune -d 'Also remove what the file does not name'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand apply" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand apply" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand export" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand export" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand export" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand company; and not __fish_seen_subcommand_from list show add set remove help" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand company; and not __fish_seen_subcommand_from list show add set remove help" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand company; and not __fish_seen_subcommand_from list show add set remove help" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand company; and not __fish_seen_subcommand_from list show add set remove help" -f -a "list" -d 'All of them, or those of one owner'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand company; and not __fish_seen_subcommand_from list show add set remove help" -f -a "show" -d 'One with all its values'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand company; and not __fish_seen_subcommand_from list show add set remove help" -f -a "add" -d 'Make one'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand company; and not __fish_seen_subcommand_from list show add set remove help" -f -a "set" -d 'Change one; what is not named stays, an empty text takes a value away'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand company; and not __fish_seen_subcommand_from list show add set remove help" -f -a "remove" -d 'Take one away; refuses while something belongs to it'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand company; and not __fish_seen_subcommand_from list show add set remove help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand company; and __fish_seen_subcommand_from list" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand company; and __fish_seen_subcommand_from list" -l json -d 'For programs'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand company; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand company; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand company; and __fish_seen_subcommand_from show" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand company; and __fish_seen_subcommand_from show" -l json -d 'For programs'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand company; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand company; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand company; and __fish_seen_subcommand_from add" -l name -d 'What people know it as' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand company; and __fish_seen_subcommand_from add" -l country -d 'Two letters such as BJ: gives the currency, the form of phone numbers and the time zone' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand company; and __fish_seen_subcommand_from add" -l language -d 'Of mails and pages: fr, en, es or pt' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand company; and __fish_seen_subcommand_from add" -l timezone -d 'Such as Africa/Porto-Novo; the country\'s when absent' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand company; and __fish_seen_subcommand_from add" -l notify-email -d 'Who is told of sales' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand company; and __fish_seen_subcommand_from add" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand company; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand company; and __fish_seen_subcommand_from add" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand company; and __fish_seen_subcommand_from set" -l name -d 'What people know it as' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand company; and __fish_seen_subcommand_from set" -l country -d 'Two letters such as BJ: gives the currency, the form of phone numbers and the time zone' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand company; and __fish_seen_subcommand_from set" -l language -d 'Of mails and pages: fr, en, es or pt' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand company; and __fish_seen_subcommand_from set" -l timezone -d 'Such as Africa/Porto-Novo; the country\'s when absent' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand company; and __fish_seen_subcommand_from set" -l notify-email -d 'Who is told of sales' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand company; and __fish_seen_subcommand_from set" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand company; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand company; and __fish_seen_subcommand_from set" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand company; and __fish_seen_subcommand_from remove" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand company; and __fish_seen_subcommand_from remove" -l yes -d 'Also what belongs to it'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand company; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand company; and __fish_seen_subcommand_from remove" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand company; and __fish_seen_subcommand_from help" -f -a "list" -d 'All of them, or those of one owner'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand company; and __fish_seen_subcommand_from help" -f -a "show" -d 'One with all its values'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand company; and __fish_seen_subcommand_from help" -f -a "add" -d 'Make one'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand company; and __fish_seen_subcommand_from help" -f -a "set" -d 'Change one; what is not named stays, an empty text takes a value away'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand company; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Take one away; refuses while something belongs to it'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand company; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and not __fish_seen_subcommand_from list show add set remove test help" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and not __fish_seen_subcommand_from list show add set remove test help" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and not __fish_seen_subcommand_from list show add set remove test help" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and not __fish_seen_subcommand_from list show add set remove test help" -f -a "list" -d 'All of them, or those of one owner'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and not __fish_seen_subcommand_from list show add set remove test help" -f -a "show" -d 'One with all its values'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and not __fish_seen_subcommand_from list show add set remove test help" -f -a "add" -d 'Make one'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and not __fish_seen_subcommand_from list show add set remove test help" -f -a "set" -d 'Change one; what is not named stays, an empty text takes a value away'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and not __fish_seen_subcommand_from list show add set remove test help" -f -a "remove" -d 'Take one away; refuses while something belongs to it'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and not __fish_seen_subcommand_from list show add set remove test help" -f -a "test" -d 'Connect, log in and compare profiles and hotspot servers with the business file'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and not __fish_seen_subcommand_from list show add set remove test help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and __fish_seen_subcommand_from list" -l company -d 'Only those of this one' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and __fish_seen_subcommand_from list" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and __fish_seen_subcommand_from list" -l json -d 'For programs'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and __fish_seen_subcommand_from show" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and __fish_seen_subcommand_from show" -l json -d 'For programs'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and __fish_seen_subcommand_from add" -l company -d 'The company it belongs to' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and __fish_seen_subcommand_from add" -l address -d 'Where its API is reached, such as 10.99.0.2:8728' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and __fish_seen_subcommand_from add" -l tls -d 'off, webpki, or sha256: and the fingerprint of its certificate' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and __fish_seen_subcommand_from add" -l user -d 'Who the relay logs in as; learnt from a callback when absent' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and __fish_seen_subcommand_from add" -l password-file -d 'Where that user\'s password is; - asks for it' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and __fish_seen_subcommand_from add" -l access-uuid -d 'What unsigned callbacks must show; made when absent' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and __fish_seen_subcommand_from add" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and __fish_seen_subcommand_from add" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and __fish_seen_subcommand_from set" -l company -d 'The company it belongs to' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and __fish_seen_subcommand_from set" -l address -d 'Where its API is reached, such as 10.99.0.2:8728' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and __fish_seen_subcommand_from set" -l tls -d 'off, webpki, or sha256: and the fingerprint of its certificate' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and __fish_seen_subcommand_from set" -l user -d 'Who the relay logs in as; learnt from a callback when absent' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and __fish_seen_subcommand_from set" -l password-file -d 'Where that user\'s password is; - asks for it' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and __fish_seen_subcommand_from set" -l access-uuid -d 'What unsigned callbacks must show; made when absent' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and __fish_seen_subcommand_from set" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and __fish_seen_subcommand_from set" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and __fish_seen_subcommand_from remove" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and __fish_seen_subcommand_from remove" -l yes -d 'Also what belongs to it'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and __fish_seen_subcommand_from remove" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and __fish_seen_subcommand_from test" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and __fish_seen_subcommand_from test" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and __fish_seen_subcommand_from test" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and __fish_seen_subcommand_from help" -f -a "list" -d 'All of them, or those of one owner'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and __fish_seen_subcommand_from help" -f -a "show" -d 'One with all its values'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and __fish_seen_subcommand_from help" -f -a "add" -d 'Make one'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and __fish_seen_subcommand_from help" -f -a "set" -d 'Change one; what is not named stays, an empty text takes a value away'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Take one away; refuses while something belongs to it'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and __fish_seen_subcommand_from help" -f -a "test" -d 'Connect, log in and compare profiles and hotspot servers with the business file'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand router; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and not __fish_seen_subcommand_from list show add set remove help" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and not __fish_seen_subcommand_from list show add set remove help" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and not __fish_seen_subcommand_from list show add set remove help" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and not __fish_seen_subcommand_from list show add set remove help" -f -a "list" -d 'All of them, or those of one owner'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and not __fish_seen_subcommand_from list show add set remove help" -f -a "show" -d 'One with all its values'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and not __fish_seen_subcommand_from list show add set remove help" -f -a "add" -d 'Make one'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and not __fish_seen_subcommand_from list show add set remove help" -f -a "set" -d 'Change one; what is not named stays, an empty text takes a value away'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and not __fish_seen_subcommand_from list show add set remove help" -f -a "remove" -d 'Take one away; refuses while something belongs to it'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and not __fish_seen_subcommand_from list show add set remove help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and __fish_seen_subcommand_from list" -l router -d 'Only those of this one' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and __fish_seen_subcommand_from list" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and __fish_seen_subcommand_from list" -l json -d 'For programs'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and __fish_seen_subcommand_from show" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and __fish_seen_subcommand_from show" -l json -d 'For programs'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and __fish_seen_subcommand_from add" -l router -d 'The router it is on' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and __fish_seen_subcommand_from add" -l label -d 'The last part of its callback addresses; no other hotspot has it' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and __fish_seen_subcommand_from add" -l name -d 'The hotspot server\'s exact name on the router' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and __fish_seen_subcommand_from add" -l dns-name -d 'The dns-name of its server profile' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and __fish_seen_subcommand_from add" -l mode -d 'How codes look: vc (one text), up (two) or pin' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and __fish_seen_subcommand_from add" -l length -d 'Characters of a code, 3 to 16' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and __fish_seen_subcommand_from add" -l alphabet -d 'Characters of a code: lower, upper, upplow, mix, mix1 or mix2' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and __fish_seen_subcommand_from add" -l prefix -d 'What each code begins with' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and __fish_seen_subcommand_from add" -l links -d 'plans: links name a plan; open: what a link says is sold' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and __fish_seen_subcommand_from add" -l mikhmon-records -d 'Write a sale record on the router where Mikhmon writes none: true or false' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and __fish_seen_subcommand_from add" -l mikhmon-batch -d 'What shares a line in Mikhmon\'s list of batches: day or sale' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and __fish_seen_subcommand_from add" -l mikhmon-expiry -d 'End codes where Mikhmon\'s script cannot: true or false' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and __fish_seen_subcommand_from add" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and __fish_seen_subcommand_from add" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and __fish_seen_subcommand_from set" -l router -d 'The router it is on' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and __fish_seen_subcommand_from set" -l label -d 'The last part of its callback addresses; no other hotspot has it' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and __fish_seen_subcommand_from set" -l name -d 'The hotspot server\'s exact name on the router' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and __fish_seen_subcommand_from set" -l dns-name -d 'The dns-name of its server profile' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and __fish_seen_subcommand_from set" -l mode -d 'How codes look: vc (one text), up (two) or pin' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and __fish_seen_subcommand_from set" -l length -d 'Characters of a code, 3 to 16' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and __fish_seen_subcommand_from set" -l alphabet -d 'Characters of a code: lower, upper, upplow, mix, mix1 or mix2' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and __fish_seen_subcommand_from set" -l prefix -d 'What each code begins with' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and __fish_seen_subcommand_from set" -l links -d 'plans: links name a plan; open: what a link says is sold' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and __fish_seen_subcommand_from set" -l mikhmon-records -d 'Write a sale record on the router where Mikhmon writes none: true or false' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and __fish_seen_subcommand_from set" -l mikhmon-batch -d 'What shares a line in Mikhmon\'s list of batches: day or sale' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and __fish_seen_subcommand_from set" -l mikhmon-expiry -d 'End codes where Mikhmon\'s script cannot: true or false' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and __fish_seen_subcommand_from set" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and __fish_seen_subcommand_from set" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and __fish_seen_subcommand_from remove" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and __fish_seen_subcommand_from remove" -l yes -d 'Also what belongs to it'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and __fish_seen_subcommand_from remove" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and __fish_seen_subcommand_from help" -f -a "list" -d 'All of them, or those of one owner'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and __fish_seen_subcommand_from help" -f -a "show" -d 'One with all its values'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and __fish_seen_subcommand_from help" -f -a "add" -d 'Make one'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and __fish_seen_subcommand_from help" -f -a "set" -d 'Change one; what is not named stays, an empty text takes a value away'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Take one away; refuses while something belongs to it'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hotspot; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and not __fish_seen_subcommand_from list show add set remove help" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and not __fish_seen_subcommand_from list show add set remove help" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and not __fish_seen_subcommand_from list show add set remove help" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and not __fish_seen_subcommand_from list show add set remove help" -f -a "list" -d 'All of them, or those of one owner'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and not __fish_seen_subcommand_from list show add set remove help" -f -a "show" -d 'One with all its values'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and not __fish_seen_subcommand_from list show add set remove help" -f -a "add" -d 'Make one'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and not __fish_seen_subcommand_from list show add set remove help" -f -a "set" -d 'Change one; what is not named stays, an empty text takes a value away'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and not __fish_seen_subcommand_from list show add set remove help" -f -a "remove" -d 'Take one away; refuses while something belongs to it'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and not __fish_seen_subcommand_from list show add set remove help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from list" -l company -d 'Only those of this one' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from list" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from list" -l json -d 'For programs'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from show" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from show" -l json -d 'For programs'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from add" -l company -d 'The company it belongs to' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from add" -l gateway -d 'fedapay, cinetpay, feexpay, conekta or mercadopago' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from add" -l mode -d 'live or test' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from add" -l base-url -d 'Another address of the gateway\'s API, for simulators' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from add" -l public-key -d 'The key that pages may show' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from add" -l site-id -d 'CinetPay\'s site, FeexPay\'s shop' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from add" -l secret-key-file -d 'Of FedaPay; Conekta\'s private key; Mercado Pago\'s access token' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from add" -l webhook-secrets-file -d 'What webhooks are signed with, one on a line; Conekta: public keys' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from add" -l api-key-file -d 'Of CinetPay' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from add" -l api-password-file -d 'Of CinetPay\'s API v1' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from add" -l token-file -d 'Of FeexPay' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from add" -l callback-header-file -d 'Of FeexPay\'s webhooks, written Name: value' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from add" -l method -d 'What Conekta\'s page offers: card, cash or bank_transfer; may be repeated' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from add" -l checkout -d 'Of Mercado Pago: preferences or orders' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from add" -l refund-undelivered-after-h -d 'Give money back when no router took the order in so many hours' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from add" -l refund-paid-twice -d 'Give a second payment of an order back: true or false' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from add" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from add" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from set" -l company -d 'The company it belongs to' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from set" -l gateway -d 'fedapay, cinetpay, feexpay, conekta or mercadopago' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from set" -l mode -d 'live or test' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from set" -l base-url -d 'Another address of the gateway\'s API, for simulators' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from set" -l public-key -d 'The key that pages may show' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from set" -l site-id -d 'CinetPay\'s site, FeexPay\'s shop' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from set" -l secret-key-file -d 'Of FedaPay; Conekta\'s private key; Mercado Pago\'s access token' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from set" -l webhook-secrets-file -d 'What webhooks are signed with, one on a line; Conekta: public keys' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from set" -l api-key-file -d 'Of CinetPay' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from set" -l api-password-file -d 'Of CinetPay\'s API v1' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from set" -l token-file -d 'Of FeexPay' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from set" -l callback-header-file -d 'Of FeexPay\'s webhooks, written Name: value' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from set" -l method -d 'What Conekta\'s page offers: card, cash or bank_transfer; may be repeated' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from set" -l checkout -d 'Of Mercado Pago: preferences or orders' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from set" -l refund-undelivered-after-h -d 'Give money back when no router took the order in so many hours' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from set" -l refund-paid-twice -d 'Give a second payment of an order back: true or false' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from set" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from set" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from remove" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from remove" -l yes -d 'Also what belongs to it'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from remove" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from help" -f -a "list" -d 'All of them, or those of one owner'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from help" -f -a "show" -d 'One with all its values'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from help" -f -a "add" -d 'Make one'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from help" -f -a "set" -d 'Change one; what is not named stays, an empty text takes a value away'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Take one away; refuses while something belongs to it'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand account; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and not __fish_seen_subcommand_from list show add set remove import help" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and not __fish_seen_subcommand_from list show add set remove import help" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and not __fish_seen_subcommand_from list show add set remove import help" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and not __fish_seen_subcommand_from list show add set remove import help" -f -a "list" -d 'All of them, or those of one owner'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and not __fish_seen_subcommand_from list show add set remove import help" -f -a "show" -d 'One with all its values'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and not __fish_seen_subcommand_from list show add set remove import help" -f -a "add" -d 'Make one'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and not __fish_seen_subcommand_from list show add set remove import help" -f -a "set" -d 'Change one; what is not named stays, an empty text takes a value away'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and not __fish_seen_subcommand_from list show add set remove import help" -f -a "remove" -d 'Take one away; refuses while something belongs to it'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and not __fish_seen_subcommand_from list show add set remove import help" -f -a "import" -d 'Make plans of the router\'s profiles, with price and validity out of Mikhmon\'s scripts'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and not __fish_seen_subcommand_from list show add set remove import help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and __fish_seen_subcommand_from list" -l hotspot -d 'Only those of this one' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and __fish_seen_subcommand_from list" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and __fish_seen_subcommand_from list" -l json -d 'For programs'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and __fish_seen_subcommand_from show" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and __fish_seen_subcommand_from show" -l json -d 'For programs'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and __fish_seen_subcommand_from add" -l hotspot -d 'Where it is sold' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and __fish_seen_subcommand_from add" -l account -d 'Which account may sell it; may be repeated; all of the company\'s when absent' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and __fish_seen_subcommand_from add" -l label -d 'What buyers read' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and __fish_seen_subcommand_from add" -l profile -d 'The exact name of a user profile on the router' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and __fish_seen_subcommand_from add" -l price -d 'In whole units, such as 100 or 12.50' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and __fish_seen_subcommand_from add" -l currency -d 'Such as XOF; the country\'s when absent' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and __fish_seen_subcommand_from add" -l time -d 'How long it lasts, such as 4h or 1d12h; 0 is without end' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and __fish_seen_subcommand_from add" -l data -d 'How much may be used, such as 500M or 1G; 0 is without end' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and __fish_seen_subcommand_from add" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and __fish_seen_subcommand_from add" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and __fish_seen_subcommand_from set" -l hotspot -d 'Where it is sold' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and __fish_seen_subcommand_from set" -l account -d 'Which account may sell it; may be repeated; all of the company\'s when absent' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and __fish_seen_subcommand_from set" -l label -d 'What buyers read' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and __fish_seen_subcommand_from set" -l profile -d 'The exact name of a user profile on the router' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and __fish_seen_subcommand_from set" -l price -d 'In whole units, such as 100 or 12.50' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and __fish_seen_subcommand_from set" -l currency -d 'Such as XOF; the country\'s when absent' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and __fish_seen_subcommand_from set" -l time -d 'How long it lasts, such as 4h or 1d12h; 0 is without end' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and __fish_seen_subcommand_from set" -l data -d 'How much may be used, such as 500M or 1G; 0 is without end' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and __fish_seen_subcommand_from set" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and __fish_seen_subcommand_from set" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and __fish_seen_subcommand_from remove" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and __fish_seen_subcommand_from remove" -l yes -d 'Also what belongs to it'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and __fish_seen_subcommand_from remove" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and __fish_seen_subcommand_from import" -l router -d 'The router\'s id' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and __fish_seen_subcommand_from import" -l hotspot -d 'The hotspot\'s id; needed if the router has several' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and __fish_seen_subcommand_from import" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and __fish_seen_subcommand_from import" -l dry-run -d 'Show everything and change nothing'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and __fish_seen_subcommand_from import" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and __fish_seen_subcommand_from help" -f -a "list" -d 'All of them, or those of one owner'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and __fish_seen_subcommand_from help" -f -a "show" -d 'One with all its values'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and __fish_seen_subcommand_from help" -f -a "add" -d 'Make one'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and __fish_seen_subcommand_from help" -f -a "set" -d 'Change one; what is not named stays, an empty text takes a value away'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Take one away; refuses while something belongs to it'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and __fish_seen_subcommand_from help" -f -a "import" -d 'Make plans of the router\'s profiles, with price and validity out of Mikhmon\'s scripts'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand plan; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand import; and not __fish_seen_subcommand_from callback help" -l company -d 'The company\'s id; needed if there are several' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand import; and not __fish_seen_subcommand_from callback help" -l company-name -d 'What a company that is made is called; the page\'s title when absent' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand import; and not __fish_seen_subcommand_from callback help" -l country -d 'Where a company that is made is, for example `BJ`; guessed from the currency when absent' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand import; and not __fish_seen_subcommand_from callback help" -l router -d 'The router\'s id; needed if the company has several' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand import; and not __fish_seen_subcommand_from callback help" -l router-address -d 'Where a router that is made is reached, for example `10.99.0.2:8728`' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand import; and not __fish_seen_subcommand_from callback help" -l nasid -d 'The hotspot server\'s name where the page says `$(server-name)`' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand import; and not __fish_seen_subcommand_from callback help" -l out -d 'Where the new page goes; beside the old one, as `login.mikrelay.html`, when absent' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand import; and not __fish_seen_subcommand_from callback help" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand import; and not __fish_seen_subcommand_from callback help" -l offline -d 'Do not ask the router whether it has the profiles'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand import; and not __fish_seen_subcommand_from callback help" -l dry-run -d 'Show everything and change nothing'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand import; and not __fish_seen_subcommand_from callback help" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand import; and not __fish_seen_subcommand_from callback help" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand import; and not __fish_seen_subcommand_from callback help" -a "callback" -d 'Take over the settings of an old callback: its address, and the headers that the dashboard sends'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand import; and not __fish_seen_subcommand_from callback help" -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand import; and __fish_seen_subcommand_from callback" -l headers -d 'A table of headers, copied from the dashboard; `-` reads it from standard input' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand import; and __fish_seen_subcommand_from callback" -l company -d 'The company\'s id; needed if there are several' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand import; and __fish_seen_subcommand_from callback" -l company-name -d 'What a company that is made is called; the page\'s title when absent' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand import; and __fish_seen_subcommand_from callback" -l country -d 'Where a company that is made is, for example `BJ`; guessed from the currency when absent' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand import; and __fish_seen_subcommand_from callback" -l router -d 'The router\'s id; needed if the company has several' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand import; and __fish_seen_subcommand_from callback" -l router-address -d 'Where a router that is made is reached, for example `10.99.0.2:8728`' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand import; and __fish_seen_subcommand_from callback" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand import; and __fish_seen_subcommand_from callback" -l dry-run -d 'Show everything and change nothing'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand import; and __fish_seen_subcommand_from callback" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand import; and __fish_seen_subcommand_from callback" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand import; and __fish_seen_subcommand_from help" -f -a "callback" -d 'Take over the settings of an old callback: its address, and the headers that the dashboard sends'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand import; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand order; and not __fish_seen_subcommand_from list show retry refund refunded ledger help" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand order; and not __fish_seen_subcommand_from list show retry refund refunded ledger help" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand order; and not __fish_seen_subcommand_from list show retry refund refunded ledger help" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand order; and not __fish_seen_subcommand_from list show retry refund refunded ledger help" -f -a "list" -d 'The latest orders'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand order; and not __fish_seen_subcommand_from list show retry refund refunded ledger help" -f -a "show" -d 'One order and its history'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand order; and not __fish_seen_subcommand_from list show retry refund refunded ledger help" -f -a "retry" -d 'Let an order go on: a held or stuck one to the router, an unpaid one to the gateway'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand order; and not __fish_seen_subcommand_from list show retry refund refunded ledger help" -f -a "refund" -d 'Give a payment back; says what it would do unless `--yes` is there'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand order; and not __fish_seen_subcommand_from list show retry refund refunded ledger help" -f -a "refunded" -d 'Say that you gave a payment back in the gateway\'s dashboard: its code stops working'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand order; and not __fish_seen_subcommand_from list show retry refund refunded ledger help" -f -a "ledger" -d 'The last daily comparison of each account with its gateway'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand order; and not __fish_seen_subcommand_from list show retry refund refunded ledger help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand order; and __fish_seen_subcommand_from list" -l state -d 'Only orders in this state, for example `stuck`; may be repeated' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand order; and __fish_seen_subcommand_from list" -l limit -d 'How many at the most' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand order; and __fish_seen_subcommand_from list" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand order; and __fish_seen_subcommand_from list" -l json -d 'For programs'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand order; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand order; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand order; and __fish_seen_subcommand_from show" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand order; and __fish_seen_subcommand_from show" -l voucher -d 'Also show the code'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand order; and __fish_seen_subcommand_from show" -l json -d 'For programs'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand order; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand order; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand order; and __fish_seen_subcommand_from retry" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand order; and __fish_seen_subcommand_from retry" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand order; and __fish_seen_subcommand_from retry" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand order; and __fish_seen_subcommand_from refund" -l reason -d 'What the gateway is told' -r -f -a "requested\t'The buyer wants his money back'
undeliverable\t'The code cannot be delivered'
duplicate\t'It was paid twice'"
complete -c mikrelay -n "__fish_mikrelay_using_subcommand order; and __fish_seen_subcommand_from refund" -l payment -d 'The gateway\'s id of the payment, where an order was paid twice; its own payment when absent' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand order; and __fish_seen_subcommand_from refund" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand order; and __fish_seen_subcommand_from refund" -l yes -d 'Really do it'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand order; and __fish_seen_subcommand_from refund" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand order; and __fish_seen_subcommand_from refund" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand order; and __fish_seen_subcommand_from refunded" -l payment -d 'The gateway\'s id of the payment, where an order was paid twice' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand order; and __fish_seen_subcommand_from refunded" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand order; and __fish_seen_subcommand_from refunded" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand order; and __fish_seen_subcommand_from refunded" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand order; and __fish_seen_subcommand_from ledger" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand order; and __fish_seen_subcommand_from ledger" -l json -d 'For programs'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand order; and __fish_seen_subcommand_from ledger" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand order; and __fish_seen_subcommand_from ledger" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand order; and __fish_seen_subcommand_from help" -f -a "list" -d 'The latest orders'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand order; and __fish_seen_subcommand_from help" -f -a "show" -d 'One order and its history'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand order; and __fish_seen_subcommand_from help" -f -a "retry" -d 'Let an order go on: a held or stuck one to the router, an unpaid one to the gateway'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand order; and __fish_seen_subcommand_from help" -f -a "refund" -d 'Give a payment back; says what it would do unless `--yes` is there'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand order; and __fish_seen_subcommand_from help" -f -a "refunded" -d 'Say that you gave a payment back in the gateway\'s dashboard: its code stops working'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand order; and __fish_seen_subcommand_from help" -f -a "ledger" -d 'The last daily comparison of each account with its gateway'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand order; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand link; and not __fish_seen_subcommand_from list show help" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand link; and not __fish_seen_subcommand_from list show help" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand link; and not __fish_seen_subcommand_from list show help" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand link; and not __fish_seen_subcommand_from list show help" -f -a "list" -d 'The latest payments by link'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand link; and not __fish_seen_subcommand_from list show help" -f -a "show" -d 'One payment by link: who asked for it, and where buyer and result go'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand link; and not __fish_seen_subcommand_from list show help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand link; and __fish_seen_subcommand_from list" -l company -d 'Only those of this company' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand link; and __fish_seen_subcommand_from list" -l limit -d 'How many at the most' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand link; and __fish_seen_subcommand_from list" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand link; and __fish_seen_subcommand_from list" -l json -d 'For programs'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand link; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand link; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand link; and __fish_seen_subcommand_from show" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand link; and __fish_seen_subcommand_from show" -l json -d 'For programs'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand link; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand link; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand link; and __fish_seen_subcommand_from help" -f -a "list" -d 'The latest payments by link'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand link; and __fish_seen_subcommand_from help" -f -a "show" -d 'One payment by link: who asked for it, and where buyer and result go'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand link; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand event; and not __fish_seen_subcommand_from list show replay help" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand event; and not __fish_seen_subcommand_from list show replay help" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand event; and not __fish_seen_subcommand_from list show replay help" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand event; and not __fish_seen_subcommand_from list show replay help" -f -a "list" -d 'The latest webhooks'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand event; and not __fish_seen_subcommand_from list show replay help" -f -a "show" -d 'One webhook with its exact bytes'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand event; and not __fish_seen_subcommand_from list show replay help" -f -a "replay" -d 'Settle a webhook again'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand event; and not __fish_seen_subcommand_from list show replay help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand event; and __fish_seen_subcommand_from list" -l limit -d 'How many at the most' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand event; and __fish_seen_subcommand_from list" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand event; and __fish_seen_subcommand_from list" -l open -d 'Only events that need attention or are not settled'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand event; and __fish_seen_subcommand_from list" -l json -d 'For programs'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand event; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand event; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand event; and __fish_seen_subcommand_from show" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand event; and __fish_seen_subcommand_from show" -l json -d 'For programs'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand event; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand event; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand event; and __fish_seen_subcommand_from replay" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand event; and __fish_seen_subcommand_from replay" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand event; and __fish_seen_subcommand_from replay" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand event; and __fish_seen_subcommand_from help" -f -a "list" -d 'The latest webhooks'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand event; and __fish_seen_subcommand_from help" -f -a "show" -d 'One webhook with its exact bytes'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand event; and __fish_seen_subcommand_from help" -f -a "replay" -d 'Settle a webhook again'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand event; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hook; and not __fish_seen_subcommand_from list show replay secret rotate endpoint help" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hook; and not __fish_seen_subcommand_from list show replay secret rotate endpoint help" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hook; and not __fish_seen_subcommand_from list show replay secret rotate endpoint help" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hook; and not __fish_seen_subcommand_from list show replay secret rotate endpoint help" -f -a "list" -d 'The latest webhooks'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hook; and not __fish_seen_subcommand_from list show replay secret rotate endpoint help" -f -a "show" -d 'One webhook, its tries and its body'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hook; and not __fish_seen_subcommand_from list show replay secret rotate endpoint help" -f -a "replay" -d 'Send a webhook again'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hook; and not __fish_seen_subcommand_from list show replay secret rotate endpoint help" -f -a "secret" -d 'Print what signs a company\'s webhooks'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hook; and not __fish_seen_subcommand_from list show replay secret rotate endpoint help" -f -a "rotate" -d 'Make a new secret; the old one signs as well for a while'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hook; and not __fish_seen_subcommand_from list show replay secret rotate endpoint help" -f -a "endpoint" -d 'Where a company\'s own webhooks go'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hook; and not __fish_seen_subcommand_from list show replay secret rotate endpoint help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hook; and __fish_seen_subcommand_from list" -l limit -d 'How many at the most' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hook; and __fish_seen_subcommand_from list" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hook; and __fish_seen_subcommand_from list" -l open -d 'Only those that nobody took'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hook; and __fish_seen_subcommand_from list" -l json -d 'For programs'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hook; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hook; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hook; and __fish_seen_subcommand_from show" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hook; and __fish_seen_subcommand_from show" -l voucher -d 'Also show the code that it tells of'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hook; and __fish_seen_subcommand_from show" -l json -d 'For programs'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hook; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hook; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hook; and __fish_seen_subcommand_from replay" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hook; and __fish_seen_subcommand_from replay" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hook; and __fish_seen_subcommand_from replay" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hook; and __fish_seen_subcommand_from secret" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hook; and __fish_seen_subcommand_from secret" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hook; and __fish_seen_subcommand_from secret" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hook; and __fish_seen_subcommand_from rotate" -l keep-hours -d 'For how many hours the old one still signs' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hook; and __fish_seen_subcommand_from rotate" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hook; and __fish_seen_subcommand_from rotate" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hook; and __fish_seen_subcommand_from rotate" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hook; and __fish_seen_subcommand_from endpoint" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hook; and __fish_seen_subcommand_from endpoint" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hook; and __fish_seen_subcommand_from endpoint" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hook; and __fish_seen_subcommand_from endpoint" -f -a "add" -d 'Send a company\'s events to an address; its secret is shown'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hook; and __fish_seen_subcommand_from endpoint" -f -a "list" -d 'The endpoints and what they are told of'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hook; and __fish_seen_subcommand_from endpoint" -f -a "events" -d 'Change what an endpoint is told of; one that was gone hears again'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hook; and __fish_seen_subcommand_from endpoint" -f -a "set" -d 'Change what an endpoint is told of; one that was gone hears again'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hook; and __fish_seen_subcommand_from endpoint" -f -a "remove" -d 'Forget an endpoint; what still waits for it is not sent'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hook; and __fish_seen_subcommand_from endpoint" -f -a "secret" -d 'Print what signs an endpoint\'s webhooks'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hook; and __fish_seen_subcommand_from endpoint" -f -a "rotate" -d 'Make a new secret; the old one signs as well for a while'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hook; and __fish_seen_subcommand_from endpoint" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hook; and __fish_seen_subcommand_from help" -f -a "list" -d 'The latest webhooks'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hook; and __fish_seen_subcommand_from help" -f -a "show" -d 'One webhook, its tries and its body'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hook; and __fish_seen_subcommand_from help" -f -a "replay" -d 'Send a webhook again'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hook; and __fish_seen_subcommand_from help" -f -a "secret" -d 'Print what signs a company\'s webhooks'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hook; and __fish_seen_subcommand_from help" -f -a "rotate" -d 'Make a new secret; the old one signs as well for a while'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hook; and __fish_seen_subcommand_from help" -f -a "endpoint" -d 'Where a company\'s own webhooks go'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand hook; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand key; and not __fish_seen_subcommand_from make add router list show revoke remove help" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand key; and not __fish_seen_subcommand_from make add router list show revoke remove help" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand key; and not __fish_seen_subcommand_from make add router list show revoke remove help" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand key; and not __fish_seen_subcommand_from make add router list show revoke remove help" -f -a "make" -d 'Make a key for a company\'s programs; it is shown once'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand key; and not __fish_seen_subcommand_from make add router list show revoke remove help" -f -a "add" -d 'Make a key for a company\'s programs; it is shown once'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand key; and not __fish_seen_subcommand_from make add router list show revoke remove help" -f -a "router" -d 'Make a key for the portal pages of a router; it is shown once'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand key; and not __fish_seen_subcommand_from make add router list show revoke remove help" -f -a "list" -d 'All keys'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand key; and not __fish_seen_subcommand_from make add router list show revoke remove help" -f -a "show" -d 'One key, as far as it may be shown'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand key; and not __fish_seen_subcommand_from make add router list show revoke remove help" -f -a "revoke" -d 'End a key at once'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand key; and not __fish_seen_subcommand_from make add router list show revoke remove help" -f -a "remove" -d 'End a key at once'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand key; and not __fish_seen_subcommand_from make add router list show revoke remove help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand key; and __fish_seen_subcommand_from make" -l name -d 'Who will hold it' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand key; and __fish_seen_subcommand_from make" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand key; and __fish_seen_subcommand_from make" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand key; and __fish_seen_subcommand_from make" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand key; and __fish_seen_subcommand_from add" -l name -d 'Who will hold it' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand key; and __fish_seen_subcommand_from add" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand key; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand key; and __fish_seen_subcommand_from add" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand key; and __fish_seen_subcommand_from router" -l name -d 'What it is for' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand key; and __fish_seen_subcommand_from router" -l days -d 'For how many days it opens the router' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand key; and __fish_seen_subcommand_from router" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand key; and __fish_seen_subcommand_from router" -l replace -d 'End all other keys of the router in the same moment'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand key; and __fish_seen_subcommand_from router" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand key; and __fish_seen_subcommand_from router" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand key; and __fish_seen_subcommand_from list" -l company -d 'Only those of this company' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand key; and __fish_seen_subcommand_from list" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand key; and __fish_seen_subcommand_from list" -l json -d 'For programs'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand key; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand key; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand key; and __fish_seen_subcommand_from show" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand key; and __fish_seen_subcommand_from show" -l json -d 'For programs'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand key; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand key; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand key; and __fish_seen_subcommand_from revoke" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand key; and __fish_seen_subcommand_from revoke" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand key; and __fish_seen_subcommand_from revoke" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand key; and __fish_seen_subcommand_from remove" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand key; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand key; and __fish_seen_subcommand_from remove" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand key; and __fish_seen_subcommand_from help" -f -a "make" -d 'Make a key for a company\'s programs; it is shown once'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand key; and __fish_seen_subcommand_from help" -f -a "router" -d 'Make a key for the portal pages of a router; it is shown once'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand key; and __fish_seen_subcommand_from help" -f -a "list" -d 'All keys'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand key; and __fish_seen_subcommand_from help" -f -a "show" -d 'One key, as far as it may be shown'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand key; and __fish_seen_subcommand_from help" -f -a "revoke" -d 'End a key at once'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand key; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand user; and not __fish_seen_subcommand_from add list show disable enable set-password help" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand user; and not __fish_seen_subcommand_from add list show disable enable set-password help" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand user; and not __fish_seen_subcommand_from add list show disable enable set-password help" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand user; and not __fish_seen_subcommand_from add list show disable enable set-password help" -f -a "add" -d 'Make a user; the password is asked for, or read from a pipe'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand user; and not __fish_seen_subcommand_from add list show disable enable set-password help" -f -a "list" -d 'All users'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand user; and not __fish_seen_subcommand_from add list show disable enable set-password help" -f -a "show" -d 'One user'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand user; and not __fish_seen_subcommand_from add list show disable enable set-password help" -f -a "disable" -d 'Keep a user out and end his sessions'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand user; and not __fish_seen_subcommand_from add list show disable enable set-password help" -f -a "enable" -d 'Let a user in again'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand user; and not __fish_seen_subcommand_from add list show disable enable set-password help" -f -a "set-password" -d 'Give a user a new password, asked for or read from a pipe, and end his sessions'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand user; and not __fish_seen_subcommand_from add list show disable enable set-password help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand user; and __fish_seen_subcommand_from add" -l role -d '`super_admin`: the operator\'s own; `cliente_admin`: one company\'s' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand user; and __fish_seen_subcommand_from add" -l company -d 'The company of a `cliente_admin`' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand user; and __fish_seen_subcommand_from add" -l name -d 'Who it is; the address when absent' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand user; and __fish_seen_subcommand_from add" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand user; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand user; and __fish_seen_subcommand_from add" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand user; and __fish_seen_subcommand_from list" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand user; and __fish_seen_subcommand_from list" -l json -d 'For programs'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand user; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand user; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand user; and __fish_seen_subcommand_from show" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand user; and __fish_seen_subcommand_from show" -l json -d 'For programs'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand user; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand user; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand user; and __fish_seen_subcommand_from disable" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand user; and __fish_seen_subcommand_from disable" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand user; and __fish_seen_subcommand_from disable" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand user; and __fish_seen_subcommand_from enable" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand user; and __fish_seen_subcommand_from enable" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand user; and __fish_seen_subcommand_from enable" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand user; and __fish_seen_subcommand_from set-password" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand user; and __fish_seen_subcommand_from set-password" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand user; and __fish_seen_subcommand_from set-password" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "add" -d 'Make a user; the password is asked for, or read from a pipe'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "list" -d 'All users'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "show" -d 'One user'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "disable" -d 'Keep a user out and end his sessions'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "enable" -d 'Let a user in again'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "set-password" -d 'Give a user a new password, asked for or read from a pipe, and end his sessions'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand user; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand audit; and not __fish_seen_subcommand_from list help" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand audit; and not __fish_seen_subcommand_from list help" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand audit; and not __fish_seen_subcommand_from list help" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand audit; and not __fish_seen_subcommand_from list help" -f -a "list" -d 'The latest changes'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand audit; and not __fish_seen_subcommand_from list help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand audit; and __fish_seen_subcommand_from list" -l company -d 'Only those of this company' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand audit; and __fish_seen_subcommand_from list" -l limit -d 'How many at the most' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand audit; and __fish_seen_subcommand_from list" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand audit; and __fish_seen_subcommand_from list" -l json -d 'For programs'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand audit; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand audit; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand audit; and __fish_seen_subcommand_from help" -f -a "list" -d 'The latest changes'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand audit; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand doctor" -l router -d 'Only this router' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand doctor" -l account -d 'Only this gateway account' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand doctor" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand doctor" -l offline -d 'Ask nobody beyond this machine: no router, gateway or mail server'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand doctor" -l json -d 'For programs'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand doctor" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand doctor" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand config; and not __fish_seen_subcommand_from check example help" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand config; and not __fish_seen_subcommand_from check example help" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand config; and not __fish_seen_subcommand_from check example help" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand config; and not __fish_seen_subcommand_from check example help" -f -a "check" -d 'Check the settings file and, if given, a business file'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand config; and not __fish_seen_subcommand_from check example help" -f -a "example" -d 'Print a settings file with every option and its reason'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand config; and not __fish_seen_subcommand_from check example help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand config; and __fish_seen_subcommand_from check" -l site -d 'A business file to check as well' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand config; and __fish_seen_subcommand_from check" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand config; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand config; and __fish_seen_subcommand_from check" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand config; and __fish_seen_subcommand_from example" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand config; and __fish_seen_subcommand_from example" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand config; and __fish_seen_subcommand_from example" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "check" -d 'Check the settings file and, if given, a business file'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "example" -d 'Print a settings file with every option and its reason'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and not __fish_seen_subcommand_from script login gateways walled-garden help" -l router -d 'The router\'s id; the only one when absent' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and not __fish_seen_subcommand_from script login gateways walled-garden help" -s o -l output -d 'Where to write it; `kit-ID` when absent' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and not __fish_seen_subcommand_from script login gateways walled-garden help" -l from -d 'The address from which the router sees the relay; found by the way to the router when absent' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and not __fish_seen_subcommand_from script login gateways walled-garden help" -l also -d 'Another address or network that may use the router\'s API, such as Mikhmon\'s; may be repeated' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and not __fish_seen_subcommand_from script login gateways walled-garden help" -l user -d 'Make an account of this name with a password of its own, even if another one is known' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and not __fish_seen_subcommand_from script login gateways walled-garden help" -l language -d 'fr, en, es or pt; the company\'s own when absent' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and not __fish_seen_subcommand_from script login gateways walled-garden help" -l template -d 'How the login page looks: light or night' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and not __fish_seen_subcommand_from script login gateways walled-garden help" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and not __fish_seen_subcommand_from script login gateways walled-garden help" -l sensitive -d 'Let the account read users\' passwords: for portals that let phones back in with codes of Mikhmon or WinBox'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and not __fish_seen_subcommand_from script login gateways walled-garden help" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and not __fish_seen_subcommand_from script login gateways walled-garden help" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and not __fish_seen_subcommand_from script login gateways walled-garden help" -f -a "script" -d 'The script to paste into the router\'s terminal'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and not __fish_seen_subcommand_from script login gateways walled-garden help" -f -a "login" -d 'The login page with the plans of a hotspot'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and not __fish_seen_subcommand_from script login gateways walled-garden help" -f -a "gateways" -d 'A page with what to type into the gateways\' dashboards'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and not __fish_seen_subcommand_from script login gateways walled-garden help" -f -a "walled-garden" -d 'A script that lets unpaid phones reach the relay and the gateways'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and not __fish_seen_subcommand_from script login gateways walled-garden help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and __fish_seen_subcommand_from script" -l router -d 'The router\'s id; the only one when absent' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and __fish_seen_subcommand_from script" -l from -d 'The address from which the router sees the relay; found by the way to the router when absent' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and __fish_seen_subcommand_from script" -l also -d 'Another address or network that may use the router\'s API, such as Mikhmon\'s; may be repeated' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and __fish_seen_subcommand_from script" -l user -d 'Make an account of this name with a password of its own, even if another one is known' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and __fish_seen_subcommand_from script" -s o -l output -d 'Write it to a file that only you can read, instead of printing it' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and __fish_seen_subcommand_from script" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and __fish_seen_subcommand_from script" -l sensitive -d 'Let the account read users\' passwords: for portals that let phones back in with codes of Mikhmon or WinBox'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and __fish_seen_subcommand_from script" -l remove -d 'Print the script that takes everything back instead'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and __fish_seen_subcommand_from script" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and __fish_seen_subcommand_from script" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and __fish_seen_subcommand_from login" -l router -d 'The router\'s id; the only one when absent' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and __fish_seen_subcommand_from login" -l hotspot -d 'One hotspot\'s id' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and __fish_seen_subcommand_from login" -l language -d 'fr, en, es or pt; the company\'s own when absent' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and __fish_seen_subcommand_from login" -l template -d 'How the login page looks: light or night' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and __fish_seen_subcommand_from login" -s o -l output -d 'Write it to a file instead of printing it' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and __fish_seen_subcommand_from login" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and __fish_seen_subcommand_from login" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and __fish_seen_subcommand_from login" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and __fish_seen_subcommand_from gateways" -l router -d 'The router\'s id; the only one when absent' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and __fish_seen_subcommand_from gateways" -l hotspot -d 'One hotspot\'s id' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and __fish_seen_subcommand_from gateways" -l language -d 'fr, en, es or pt; the company\'s own when absent' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and __fish_seen_subcommand_from gateways" -s o -l output -d 'Write it to a file instead of printing it' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and __fish_seen_subcommand_from gateways" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and __fish_seen_subcommand_from gateways" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and __fish_seen_subcommand_from gateways" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and __fish_seen_subcommand_from walled-garden" -l gateway -d 'Gateways in use: fedapay, cinetpay, feexpay, conekta, mercadopago; comma-separated or repeated' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and __fish_seen_subcommand_from walled-garden" -l host -d 'The relay\'s host name; from `public_url` when absent' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and __fish_seen_subcommand_from walled-garden" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and __fish_seen_subcommand_from walled-garden" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and __fish_seen_subcommand_from walled-garden" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and __fish_seen_subcommand_from help" -f -a "script" -d 'The script to paste into the router\'s terminal'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and __fish_seen_subcommand_from help" -f -a "login" -d 'The login page with the plans of a hotspot'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and __fish_seen_subcommand_from help" -f -a "gateways" -d 'A page with what to type into the gateways\' dashboards'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and __fish_seen_subcommand_from help" -f -a "walled-garden" -d 'A script that lets unpaid phones reach the relay and the gateways'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand kit; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand backup" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand backup" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand backup" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand health" -l url -d 'Where it listens; from the settings file when absent' -r
complete -c mikrelay -n "__fish_mikrelay_using_subcommand health" -l config -d 'The settings file; without it `mikrelay.toml` is read if it is there' -r -F
complete -c mikrelay -n "__fish_mikrelay_using_subcommand health" -s h -l help -d 'Print help'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand health" -s V -l version -d 'Print version'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and not __fish_seen_subcommand_from serve demo apply export company router hotspot account plan import order link event hook key user audit doctor config kit backup health help" -f -a "serve" -d 'Run the relay'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and not __fish_seen_subcommand_from serve demo apply export company router hotspot account plan import order link event hook key user audit doctor config kit backup health help" -f -a "demo" -d 'Show everything on this machine: a portal, simulated gateways and a simulated router'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and not __fish_seen_subcommand_from serve demo apply export company router hotspot account plan import order link event hook key user audit doctor config kit backup health help" -f -a "apply" -d 'Take over the business file: companies, routers, hotspots, accounts, plans'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and not __fish_seen_subcommand_from serve demo apply export company router hotspot account plan import order link event hook key user audit doctor config kit backup health help" -f -a "export" -d 'Print the business file as it is stored, without secrets'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and not __fish_seen_subcommand_from serve demo apply export company router hotspot account plan import order link event hook key user audit doctor config kit backup health help" -f -a "company" -d 'Companies: who owns routers and accounts'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and not __fish_seen_subcommand_from serve demo apply export company router hotspot account plan import order link event hook key user audit doctor config kit backup health help" -f -a "router" -d 'Routers, and whether they can be reached'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and not __fish_seen_subcommand_from serve demo apply export company router hotspot account plan import order link event hook key user audit doctor config kit backup health help" -f -a "hotspot" -d 'Hotspots: the hotspot servers on routers'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and not __fish_seen_subcommand_from serve demo apply export company router hotspot account plan import order link event hook key user audit doctor config kit backup health help" -f -a "account" -d 'Accounts at the payment gateways'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and not __fish_seen_subcommand_from serve demo apply export company router hotspot account plan import order link event hook key user audit doctor config kit backup health help" -f -a "plan" -d 'Plans: what is sold on a hotspot'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and not __fish_seen_subcommand_from serve demo apply export company router hotspot account plan import order link event hook key user audit doctor config kit backup health help" -f -a "import" -d 'Take over an old portal page: its plans, and a new page whose buttons lead here'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and not __fish_seen_subcommand_from serve demo apply export company router hotspot account plan import order link event hook key user audit doctor config kit backup health help" -f -a "order" -d 'Look at orders and let them go on'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and not __fish_seen_subcommand_from serve demo apply export company router hotspot account plan import order link event hook key user audit doctor config kit backup health help" -f -a "link" -d 'Look at payments by link, which programs asked for'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and not __fish_seen_subcommand_from serve demo apply export company router hotspot account plan import order link event hook key user audit doctor config kit backup health help" -f -a "event" -d 'Look at webhooks and settle them again'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and not __fish_seen_subcommand_from serve demo apply export company router hotspot account plan import order link event hook key user audit doctor config kit backup health help" -f -a "hook" -d 'Look at the webhooks that the relay sends, and send them again'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and not __fish_seen_subcommand_from serve demo apply export company router hotspot account plan import order link event hook key user audit doctor config kit backup health help" -f -a "key" -d 'Make and revoke keys for programs'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and not __fish_seen_subcommand_from serve demo apply export company router hotspot account plan import order link event hook key user audit doctor config kit backup health help" -f -a "user" -d 'People who sign in to administrate'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and not __fish_seen_subcommand_from serve demo apply export company router hotspot account plan import order link event hook key user audit doctor config kit backup health help" -f -a "audit" -d 'Look at who changed what'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and not __fish_seen_subcommand_from serve demo apply export company router hotspot account plan import order link event hook key user audit doctor config kit backup health help" -f -a "doctor" -d 'Look at everything that sales need, and say what is wrong and what to do'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and not __fish_seen_subcommand_from serve demo apply export company router hotspot account plan import order link event hook key user audit doctor config kit backup health help" -f -a "config" -d 'Check the settings file, or print one with every option'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and not __fish_seen_subcommand_from serve demo apply export company router hotspot account plan import order link event hook key user audit doctor config kit backup health help" -f -a "kit" -d 'Make what has to be set up around the relay: router script, login page, dashboards'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and not __fish_seen_subcommand_from serve demo apply export company router hotspot account plan import order link event hook key user audit doctor config kit backup health help" -f -a "backup" -d 'Copy the database to a new file, while the relay serves'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and not __fish_seen_subcommand_from serve demo apply export company router hotspot account plan import order link event hook key user audit doctor config kit backup health help" -f -a "health" -d 'Ask a running relay whether it is well; for container health checks'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and not __fish_seen_subcommand_from serve demo apply export company router hotspot account plan import order link event hook key user audit doctor config kit backup health help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from company" -f -a "list" -d 'All of them, or those of one owner'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from company" -f -a "show" -d 'One with all its values'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from company" -f -a "add" -d 'Make one'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from company" -f -a "set" -d 'Change one; what is not named stays, an empty text takes a value away'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from company" -f -a "remove" -d 'Take one away; refuses while something belongs to it'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from router" -f -a "list" -d 'All of them, or those of one owner'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from router" -f -a "show" -d 'One with all its values'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from router" -f -a "add" -d 'Make one'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from router" -f -a "set" -d 'Change one; what is not named stays, an empty text takes a value away'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from router" -f -a "remove" -d 'Take one away; refuses while something belongs to it'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from router" -f -a "test" -d 'Connect, log in and compare profiles and hotspot servers with the business file'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from hotspot" -f -a "list" -d 'All of them, or those of one owner'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from hotspot" -f -a "show" -d 'One with all its values'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from hotspot" -f -a "add" -d 'Make one'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from hotspot" -f -a "set" -d 'Change one; what is not named stays, an empty text takes a value away'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from hotspot" -f -a "remove" -d 'Take one away; refuses while something belongs to it'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from account" -f -a "list" -d 'All of them, or those of one owner'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from account" -f -a "show" -d 'One with all its values'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from account" -f -a "add" -d 'Make one'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from account" -f -a "set" -d 'Change one; what is not named stays, an empty text takes a value away'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from account" -f -a "remove" -d 'Take one away; refuses while something belongs to it'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from plan" -f -a "list" -d 'All of them, or those of one owner'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from plan" -f -a "show" -d 'One with all its values'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from plan" -f -a "add" -d 'Make one'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from plan" -f -a "set" -d 'Change one; what is not named stays, an empty text takes a value away'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from plan" -f -a "remove" -d 'Take one away; refuses while something belongs to it'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from plan" -f -a "import" -d 'Make plans of the router\'s profiles, with price and validity out of Mikhmon\'s scripts'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from import" -f -a "callback" -d 'Take over the settings of an old callback: its address, and the headers that the dashboard sends'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from order" -f -a "list" -d 'The latest orders'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from order" -f -a "show" -d 'One order and its history'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from order" -f -a "retry" -d 'Let an order go on: a held or stuck one to the router, an unpaid one to the gateway'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from order" -f -a "refund" -d 'Give a payment back; says what it would do unless `--yes` is there'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from order" -f -a "refunded" -d 'Say that you gave a payment back in the gateway\'s dashboard: its code stops working'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from order" -f -a "ledger" -d 'The last daily comparison of each account with its gateway'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from link" -f -a "list" -d 'The latest payments by link'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from link" -f -a "show" -d 'One payment by link: who asked for it, and where buyer and result go'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from event" -f -a "list" -d 'The latest webhooks'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from event" -f -a "show" -d 'One webhook with its exact bytes'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from event" -f -a "replay" -d 'Settle a webhook again'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from hook" -f -a "list" -d 'The latest webhooks'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from hook" -f -a "show" -d 'One webhook, its tries and its body'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from hook" -f -a "replay" -d 'Send a webhook again'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from hook" -f -a "secret" -d 'Print what signs a company\'s webhooks'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from hook" -f -a "rotate" -d 'Make a new secret; the old one signs as well for a while'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from hook" -f -a "endpoint" -d 'Where a company\'s own webhooks go'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from key" -f -a "make" -d 'Make a key for a company\'s programs; it is shown once'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from key" -f -a "router" -d 'Make a key for the portal pages of a router; it is shown once'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from key" -f -a "list" -d 'All keys'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from key" -f -a "show" -d 'One key, as far as it may be shown'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from key" -f -a "revoke" -d 'End a key at once'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "add" -d 'Make a user; the password is asked for, or read from a pipe'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "list" -d 'All users'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "show" -d 'One user'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "disable" -d 'Keep a user out and end his sessions'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "enable" -d 'Let a user in again'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from user" -f -a "set-password" -d 'Give a user a new password, asked for or read from a pipe, and end his sessions'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from audit" -f -a "list" -d 'The latest changes'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from config" -f -a "check" -d 'Check the settings file and, if given, a business file'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from config" -f -a "example" -d 'Print a settings file with every option and its reason'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from kit" -f -a "script" -d 'The script to paste into the router\'s terminal'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from kit" -f -a "login" -d 'The login page with the plans of a hotspot'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from kit" -f -a "gateways" -d 'A page with what to type into the gateways\' dashboards'
complete -c mikrelay -n "__fish_mikrelay_using_subcommand help; and __fish_seen_subcommand_from kit" -f -a "walled-garden" -d 'A script that lets unpaid phones reach the relay and the gateways'
