package validate

// Headers that senders write, in English, German, French, Spanish, Portuguese,
// Italian and Dutch: lower case, letters and digits only, no accents. A word
// that means two of the fields ("name", "naam", "id") is in no list: guessing
// wrong costs money.
const (
	firstNameAliases = "firstname first givenname givennames forename forenames fname userfirstname customerfirstname vorname vornamen rufname prenom prenoms nombre nombres " +
		"primernombre primeironome nome nomeproprio voornaam voornamen roepnaam"
	lastNameAliases = "lastname last surname surnames familyname lname secondname userlastname customerlastname nachname familienname zuname nom nomdefamille apellido " +
		"apellidos sobrenome apelido ultimonome cognome achternaam familienaam"
	emailAliases = "email emailaddress emailaddr mail mailaddress useremail customeremail primaryemail contactemail emailadresse mailadresse emailanschrift adresseemail " +
		"adressemail adresseelectronique courriel correo correoelectronico direcciondecorreo direcciondecorreoelectronico direccionemail enderecodeemail " +
		"enderecoemail correioeletronico indirizzoemail indirizzodiposta postaelettronica emailadres mailadres"
	phoneAliases = "phonenumber phone phoneno phonenr telephone telephonenumber tel telno mobile mobilenumber mobileno mobilephone mobilephonenumber cell cellphone " +
		"cellnumber msisdn contactnumber userphone customerphone telefon telefonnummer telefonnr telnr rufnummer handy handynummer mobil mobilnummer " +
		"mobiltelefon numerodetelephone notelephone numtelephone portable telephoneportable numerodeportable gsm telefono numerodetelefono movil telefonomovil " +
		"numeromovil celular numerodecelular telefone numerodetelefone telemovel numerodetelemovel numerotelefono numeroditelefono cellulare telefonocellulare " +
		"telefoon telefoonnummer mobielnummer mobiel gsmnummer"
	purposeAliases = "accountpurpose purpose purposeofaccount accountuse usage usecase intendeduse cardpurpose zweck kontozweck verwendungszweck nutzungszweck objetducompte " +
		"usageducompte finalite motif proposito propositodelacuenta finalidad usodelacuenta finalidade finalidadedaconta propositodaconta scopo scopodelconto " +
		"finalita doel doelvanderekening rekeningdoel gebruiksdoel"
	ipAliases = "ipaddress ip ipaddr ipv4 ipv6 ipv4address ipv6address userip clientip customerip remoteip registrationip registrationipaddress signupip " +
		"signupipaddress lastip ipadresse ipregistrierung adresseip direccionip enderecoip indirizzoip ipadres"
	termsAliases = "istermsofserviceaccepted termsofserviceaccepted termsofservice termsaccepted acceptedterms acceptsterms terms tos tosaccepted acceptedtos " +
		"termsandconditions termsandconditionsaccepted tandc tcaccepted agreedtoterms termsagreed agb agbakzeptiert agbzugestimmt nutzungsbedingungen " +
		"nutzungsbedingungenakzeptiert cgu cguacceptees conditionsacceptees conditionsdutilisation conditionsgenerales conditionsgeneralesacceptees " +
		"terminosaceptados terminosdeservicio terminosycondiciones aceptaterminos condicionesaceptadas termosaceites termosaceitos termosdeservico " +
		"termosecondicoes aceitatermos terminiaccettati terminidiservizio terminiecondizioni condizioniaccettate voorwaarden voorwaardengeaccepteerd " +
		"algemenevoorwaarden algemenevoorwaardengeaccepteerd"
	programAliases = "program programme programtype programmetype cardprogram cardprogramme custody custodytype programm kartenprogramm typedeprogramme programa " +
		"tipodeprograma programma programmatype tipodiprogramma"
	walletAliases = "walletaddress wallet walletaddr ethaddress ethereumaddress ethwallet ethereumwallet cryptowallet cryptoaddress blockchainaddress walletadresse " +
		"adresseduwallet adressewallet adresseethereum portefeuille direcciondewallet direccionwallet direccionethereum billetera monedero carteira " +
		"enderecodacarteira enderecowallet portafoglio indirizzowallet indirizzodelwallet walletadres"
	redirectAliases = "redirecturl redirect redirecturi redirectlink redirectaddress returnurl weiterleitung weiterleitungsurl urlderedirection redirection urlderedireccion " +
		"urlderedirecionamento urldireindirizzamento doorstuururl"
	addressAliases = "address street streetaddress address1 addressline addressline1 homeaddress residentialaddress postaladdress strasse straße strassehausnummer " +
		"straßehausnummer strasseundhausnummer straßeundhausnummer anschrift adresse adressepostale rue direccion domicilio calle endereco morada rua " +
		"logradouro indirizzo via adres straat straatnaam woonadres"
	cityAliases = "city town cityname locality ort stadt wohnort ville localite ciudad localidad poblacion municipio cidade localidade citta comune localita stad plaats " +
		"woonplaats gemeente"
	regionAliases = "region state province stateprovince stateorprovince stateregion county bundesland kanton departement provincia estado comunidadautonoma distrito " +
		"regiao regione provincie regio"
	postalAliases  = "postalcode postcode zip zipcode plz postleitzahl codepostal cp codigopostal cep cap codiceavviamentopostale codicepostale"
	countryAliases = "countrycode country countryiso isocountry countryiso2 isocountrycode country2 land landescode laendercode landercode laenderkennung pays codepays pais " +
		"codigopais codigodepais codigodopais paese codicepaese landcode countryofresidence"
)

// Headers, written likewise, of columns that hold a part of a field. The part
// is lost if the field is read from another column.
const (
	lastNameParts = "secondlastname lastname2 secondsurname surname2 maternalsurname apellido2 segundoapellido apellidomaterno segundosobrenome tussenvoegsel " +
		"tussenvoegsels voorvoegsel namensvorsatz namenszusatz nameprefix surnameprefix"
	phoneParts = "dialcode dialingcode callingcode countrydialcode countrycallingcode phonecountrycode phoneprefix phonecode areacode mobileprefix vorwahl landesvorwahl " +
		"laendervorwahl telefonvorwahl prefijo prefijotelefonico codigodearea ddd ddi indicatif indicatiftelephonique prefisso prefissointernazionale " +
		"landnummer netnummer kengetal"
	addressParts = "housenumber houseno housenr housenum buildingnumber buildingno streetnumber streetno streetnr apartment apartmentnumber apt aptno unit unitnumber " +
		"suite flat addressline2 address2 addressline3 address3 street2 streetaddress2 hausnummer hausnr hsnr adresszusatz adresszeile2 anschriftenzusatz " +
		"huisnummer huisnr huisnummertoevoeging toevoeging numeroderue numrue numerovoie numvoie complementadresse complementdadresse adresse2 numeroexterior " +
		"numext numerointerior numint numerodecalle numerodecasa complementodireccion piso puerta numerodarua numerodacasa complemento numerocivico ncivico " +
		"civico interno"

	// addressAdjacentParts are the same only right beside the column of the address.
	addressAdjacentParts = "number no nr num numero numer hnr nummer"
)

// statusWords are what a column named state or estado holds when it is about an
// account and not about a country.
const statusWords = "active inactive enabled disabled pending suspended blocked deleted cancelled canceled closed open opened approved rejected verified unverified " +
	"registered unregistered completed complete expired terminated archived paused churned prospect confirmed unconfirmed valid invalid live locked " +
	"unlocked draft processing processed failed success true false yes activo activa inactivo inactiva pendiente suspendido suspendida bloqueado bloqueada " +
	"eliminado cancelado cancelada cerrado abierto aprobado rechazado verificado registrado completado vencido habilitado deshabilitado confirmado " +
	"enproceso finalizado ativo ativa inativo inativa pendente suspenso excluido fechado aberto aprovado rejeitado concluido actif inactif enattente " +
	"suspendu bloque supprime annule ferme ouvert approuve verifie termine attivo attiva inattivo inattiva inattesa sospeso bloccato eliminato annullato " +
	"chiuso aperto approvato verificato aktiv inaktiv ausstehend gesperrt geloscht storniert geschlossen offen genehmigt abgelehnt verifiziert abgelaufen " +
	"gekundigt actief inactief inbehandeling geblokkeerd verwijderd geannuleerd gesloten goedgekeurd afgewezen"
