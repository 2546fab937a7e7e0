package validate

// Headers of columns that hold a part of a field, which stays behind when the
// field is read from another column, and words that tell what a header means.
// They are written like the aliases.

func addressParts() []string {
	return []string{"housenumber", "houseno", "housenr", "housenum", "buildingnumber", "buildingno", "streetnumber", "streetno", "streetnr", "apartment", "apartmentnumber",
		"apt", "aptno", "unit", "unitnumber", "suite", "flat", "addressline2", "address2", "addressline3", "address3", "street2", "streetaddress2",
		"hausnummer", "hausnr", "hsnr", "adresszusatz", "adresszeile2", "anschriftenzusatz", "huisnummer", "huisnr", "huisnummertoevoeging", "toevoeging",
		"numeroderue", "numrue", "numerovoie", "numvoie", "complementadresse", "complementdadresse", "adresse2",
		"numeroexterior", "numext", "numerointerior", "numint", "numerodecalle", "numerodecasa", "complementodireccion", "piso", "puerta",
		"numerodarua", "numerodacasa", "complemento", "numerocivico", "ncivico", "civico", "interno"}
}

func phoneParts() []string {
	return []string{"dialcode", "dialingcode", "callingcode", "countrydialcode", "countrycallingcode", "phonecountrycode", "phoneprefix", "phonecode", "areacode", "mobileprefix",
		"vorwahl", "landesvorwahl", "laendervorwahl", "telefonvorwahl", "prefijo", "prefijotelefonico", "codigodearea", "ddd", "ddi", "indicatif", "indicatiftelephonique",
		"prefisso", "prefissointernazionale", "landnummer", "netnummer", "kengetal"}
}

func lastNameParts() []string {
	return []string{"secondlastname", "lastname2", "secondsurname", "surname2", "maternalsurname", "apellido2", "segundoapellido", "apellidomaterno", "segundosobrenome",
		"tussenvoegsel", "tussenvoegsels", "voorvoegsel", "namensvorsatz", "namenszusatz", "nameprefix", "surnameprefix"}
}

// statusWords are what a column named state or estado holds when it is about
// an account and not about a country.
func statusWords() []string {
	return []string{"active", "inactive", "enabled", "disabled", "pending", "suspended", "blocked", "deleted", "cancelled", "canceled", "closed", "open", "opened",
		"approved", "rejected", "verified", "unverified", "registered", "unregistered", "completed", "complete", "expired", "terminated", "archived", "paused", "churned", "prospect",
		"confirmed", "unconfirmed", "valid", "invalid", "live", "locked", "unlocked", "draft", "processing", "processed", "failed", "success", "true", "false", "yes",
		"activo", "activa", "inactivo", "inactiva", "pendiente", "suspendido", "suspendida", "bloqueado", "bloqueada", "eliminado", "cancelado", "cancelada", "cerrado", "abierto",
		"aprobado", "rechazado", "verificado", "registrado", "completado", "vencido", "habilitado", "deshabilitado", "confirmado", "enproceso", "finalizado",
		"ativo", "ativa", "inativo", "inativa", "pendente", "suspenso", "excluido", "fechado", "aberto", "aprovado", "rejeitado", "concluido",
		"actif", "inactif", "enattente", "suspendu", "bloque", "supprime", "annule", "ferme", "ouvert", "approuve", "verifie", "termine",
		"attivo", "attiva", "inattivo", "inattiva", "inattesa", "sospeso", "bloccato", "eliminato", "annullato", "chiuso", "aperto", "approvato", "verificato",
		"aktiv", "inaktiv", "ausstehend", "gesperrt", "geloscht", "storniert", "geschlossen", "offen", "genehmigt", "abgelehnt", "verifiziert", "abgelaufen", "gekundigt",
		"actief", "inactief", "inbehandeling", "geblokkeerd", "verwijderd", "geannuleerd", "gesloten", "goedgekeurd", "afgewezen"}
}
