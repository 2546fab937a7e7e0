package validate

// Headers that people write, in English, German, French, Spanish, Portuguese,
// Italian and Dutch: lower case, letters and digits only, no accents. A word
// that means two of the fields ("name", "naam", "id") is nowhere: guessing
// wrong costs money.

func firstNameAliases() []string {
	return []string{"firstname", "first", "givenname", "givennames", "forename", "forenames", "fname", "userfirstname", "customerfirstname",
		"vorname", "vornamen", "rufname", "prenom", "prenoms", "nombre", "nombres", "primernombre", "primeironome", "nome", "nomeproprio",
		"voornaam", "voornamen", "roepnaam"}
}

func lastNameAliases() []string {
	return []string{"lastname", "last", "surname", "surnames", "familyname", "lname", "secondname", "userlastname", "customerlastname",
		"nachname", "familienname", "zuname", "nom", "nomdefamille", "apellido", "apellidos", "sobrenome", "apelido", "ultimonome",
		"cognome", "achternaam", "familienaam"}
}

func emailAliases() []string {
	return []string{"email", "emailaddress", "emailaddr", "mail", "mailaddress", "useremail", "customeremail", "primaryemail", "contactemail",
		"emailadresse", "mailadresse", "emailanschrift", "adresseemail", "adressemail", "adresseelectronique", "courriel",
		"correo", "correoelectronico", "direcciondecorreo", "direcciondecorreoelectronico", "direccionemail", "enderecodeemail",
		"enderecoemail", "correioeletronico", "indirizzoemail", "indirizzodiposta", "postaelettronica", "emailadres", "mailadres"}
}

func phoneAliases() []string {
	return []string{"phonenumber", "phone", "phoneno", "phonenr", "telephone", "telephonenumber", "tel", "telno", "mobile", "mobilenumber",
		"mobileno", "mobilephone", "mobilephonenumber", "cell", "cellphone", "cellnumber", "msisdn", "contactnumber", "userphone", "customerphone",
		"telefon", "telefonnummer", "telefonnr", "telnr", "rufnummer", "handy", "handynummer", "mobil", "mobilnummer", "mobiltelefon",
		"numerodetelephone", "notelephone", "numtelephone", "portable", "telephoneportable", "numerodeportable", "gsm",
		"telefono", "numerodetelefono", "movil", "telefonomovil", "numeromovil", "celular", "numerodecelular",
		"telefone", "numerodetelefone", "telemovel", "numerodetelemovel", "numerotelefono", "numeroditelefono", "cellulare", "telefonocellulare",
		"telefoon", "telefoonnummer", "mobielnummer", "mobiel", "gsmnummer"}
}

func purposeAliases() []string {
	return []string{"accountpurpose", "purpose", "purposeofaccount", "accountuse", "usage", "usecase", "intendeduse", "cardpurpose",
		"zweck", "kontozweck", "verwendungszweck", "nutzungszweck", "objetducompte", "usageducompte", "finalite", "motif",
		"proposito", "propositodelacuenta", "finalidad", "usodelacuenta", "finalidade", "finalidadedaconta", "propositodaconta",
		"scopo", "scopodelconto", "finalita", "doel", "doelvanderekening", "rekeningdoel", "gebruiksdoel"}
}

func ipAliases() []string {
	return []string{"ipaddress", "ip", "ipaddr", "ipv4", "ipv6", "ipv4address", "ipv6address", "userip", "clientip", "customerip", "remoteip",
		"registrationip", "registrationipaddress", "signupip", "signupipaddress", "lastip",
		"ipadresse", "ipregistrierung", "adresseip", "direccionip", "enderecoip", "indirizzoip", "ipadres"}
}

func termsAliases() []string {
	return []string{"istermsofserviceaccepted", "termsofserviceaccepted", "termsofservice", "termsaccepted", "acceptedterms", "acceptsterms",
		"terms", "tos", "tosaccepted", "acceptedtos", "termsandconditions", "termsandconditionsaccepted", "tandc", "tcaccepted", "agreedtoterms",
		"termsagreed", "agb", "agbakzeptiert", "agbzugestimmt", "nutzungsbedingungen", "nutzungsbedingungenakzeptiert",
		"cgu", "cguacceptees", "conditionsacceptees", "conditionsdutilisation", "conditionsgenerales", "conditionsgeneralesacceptees",
		"terminosaceptados", "terminosdeservicio", "terminosycondiciones", "aceptaterminos", "condicionesaceptadas",
		"termosaceites", "termosaceitos", "termosdeservico", "termosecondicoes", "aceitatermos",
		"terminiaccettati", "terminidiservizio", "terminiecondizioni", "condizioniaccettate",
		"voorwaarden", "voorwaardengeaccepteerd", "algemenevoorwaarden", "algemenevoorwaardengeaccepteerd"}
}

func programAliases() []string {
	return []string{"program", "programme", "programtype", "programmetype", "cardprogram", "cardprogramme", "custody", "custodytype",
		"programm", "kartenprogramm", "typedeprogramme", "programa", "tipodeprograma", "programma", "programmatype", "tipodiprogramma"}
}

func walletAliases() []string {
	return []string{"walletaddress", "wallet", "walletaddr", "ethaddress", "ethereumaddress", "ethwallet", "ethereumwallet", "cryptowallet",
		"cryptoaddress", "blockchainaddress", "walletadresse", "adresseduwallet", "adressewallet", "adresseethereum", "portefeuille",
		"direcciondewallet", "direccionwallet", "direccionethereum", "billetera", "monedero", "carteira", "enderecodacarteira",
		"enderecowallet", "portafoglio", "indirizzowallet", "indirizzodelwallet", "walletadres"}
}

func redirectAliases() []string {
	return []string{"redirecturl", "redirect", "redirecturi", "redirectlink", "redirectaddress", "returnurl",
		"weiterleitung", "weiterleitungsurl", "urlderedirection", "redirection", "urlderedireccion", "urlderedirecionamento",
		"urldireindirizzamento", "doorstuururl"}
}

func addressAliases() []string {
	return []string{"address", "street", "streetaddress", "address1", "addressline", "addressline1", "homeaddress", "residentialaddress",
		"postaladdress", "strasse", "straße", "strassehausnummer", "straßehausnummer", "strasseundhausnummer", "straßeundhausnummer", "anschrift", "adresse", "adressepostale", "rue",
		"direccion", "domicilio", "calle", "endereco", "morada", "rua", "logradouro", "indirizzo", "via", "adres", "straat", "straatnaam", "woonadres"}
}

func cityAliases() []string {
	return []string{"city", "town", "cityname", "locality", "ort", "stadt", "wohnort", "ville", "localite", "ciudad", "localidad",
		"poblacion", "municipio", "cidade", "localidade", "citta", "comune", "localita", "stad", "plaats", "woonplaats", "gemeente"}
}

func regionAliases() []string {
	return []string{"region", "state", "province", "stateprovince", "stateorprovince", "stateregion", "county", "bundesland", "kanton",
		"departement", "provincia", "estado", "comunidadautonoma", "distrito", "regiao", "regione", "provincie", "regio"}
}

func postalAliases() []string {
	return []string{"postalcode", "postcode", "zip", "zipcode", "plz", "postleitzahl", "codepostal", "cp", "codigopostal", "cep", "cap",
		"codiceavviamentopostale", "codicepostale"}
}

func countryAliases() []string {
	return []string{"countrycode", "country", "countryiso", "isocountry", "countryiso2", "isocountrycode", "country2", "land", "landescode",
		"laendercode", "landercode", "laenderkennung", "pays", "codepays", "pais", "codigopais", "codigodepais", "codigodopais", "paese", "codicepaese",
		"landcode", "countryofresidence"}
}
