### Adroddiadau adborth yn Gymraeg. Written by the makers of the compendium; not yet read by a native speaker.
### The line `unreviewed` heads every report until one has read it; then it is emptied: { "" }.

locale = cy-GB
unreviewed = Drafft: nid yw siaradwr brodorol wedi gwirio'r testun Cymraeg hwn eto.
number-words = dim un dau tri pedwar pump chwech saith wyth naw deg
colleagues = Cydweithwyr
competency = Cymhwysedd

## Titles and notices

individual-title = Eich adborth
team-title = Adborth i'ch tîm
organisation-title = Crynodeb i'r bwrdd
of-cohort = { $title }, { $start } hyd { $end }
made-up = Data synthetig: gwnaed gan raglen i ddangos y dull. Nid oes person na thîm o'r fath.
specimen = Enghraifft: gwnaed gan raglen i ddangos yr adroddiad. Nid oes person na thîm o'r fath.
page = Tudalen

## One person

in-short = Yn fyr
short-strengths = Cryfderau clir: { $names }.
short-priorities = Y lle cliriaf i dyfu: { $names }.
short-hidden = Mae eich cydweithwyr yn rhoi sgôr uwch i chi nag yr ydych chi ar: { $names }.
short-blind = Rydych chi'n rhoi sgôr uwch i chi'ch hun na'ch cydweithwyr ar: { $names }.
short-views-alike = Nid oes gwahaniaeth clir rhwng eich barn chi a barn eich cydweithwyr. Mae hynny'n ganlyniad llawn.
short-nothing = Nid oes un sgôr sy'n sefyll allan yn glir o'r lleill. Mae hynny'n ganlyniad llawn: gall mai siawns yw'r bylchau rhyngddynt.
short-apart = Mae eich sgôr uchaf a'ch sgôr isaf yn glir wahanol. Ond mae'r camau rhyngddynt yn fach, felly nid oes ychydig o sgorau'n sefyll ar wahân i'r lleill i gyd.
short-high = Mae eich sgorau i gyd yn uchel. Nid oes lle clir i dyfu yn y sgorau hyn. Efallai yr hoffech feddwl sut y gallwch helpu eraill.
short-no-peers = Mae'r adroddiad hwn yn seiliedig ar eich atebion chi yn unig. { $why }

how-to = Sut i ddarllen yr adroddiad hwn
how-purpose = Mae'r adroddiad hwn i chi, i'ch helpu i feddwl am sut rydych yn gweithio a beth hoffech ei ddysgu.
how-who = I chi yn unig y mae. Chi sy'n dewis pwy arall sy'n ei weld.
how-score = Cyfartaledd eich atebion i grŵp o ddatganiadau yw sgôr. Mae'n mynd o { $low } ({ $low_label }) i { $high } ({ $high_label }).
how-range = Nid oes sgôr sy'n fanwl gywir. Mae'r llinell o amgylch pob dot yn dangos ble y gall eich gwir sgôr fod. Pan fydd dwy linell yn gorgyffwrdd llawer, peidiwch â darllen gormod i'r bwlch.
how-range-unknown = Nid yw'n hysbys pa mor fanwl yw'r sgorau i'r grŵp hwn. Felly nid yw'r adroddiad yn enwi cryfderau na lle i dyfu.
how-peers = Mae'r diemwnt yn dangos cyfartaledd atebion eich cydweithwyr. Mae wedi'i dalgrynnu, fel na all neb weithio allan beth ddywedodd un cydweithiwr.
how-band = Mae'r bar llwyd yn dangos ble mae hanner canol y bobl yn y grŵp hwn yn gweld eu hunain ({ $start } hyd { $end }). Nid targed ydyw.
how-band-undated = Mae'r bar llwyd yn dangos ble mae hanner canol y bobl yn y grŵp hwn yn gweld eu hunain. Nid targed ydyw.
how-band-hidden = Mae'r grŵp yn rhy fach i ddangos ble mae eraill.
how-named = Rydym yn enwi cryfder, neu le i dyfu, dim ond pan fydd ymhellach o'ch sgorau eraill nag y byddai siawns yn ei esbonio.

who = Pwy atebodd
who-self = Fe wnaethoch ateb { $answered } o { $asked } datganiad.
who-peers = { $n ->
    [one] Atebodd un cydweithiwr amdanoch.
   *[other] Nifer y cydweithwyr a atebodd amdanoch: { WORD($n) }.
 }
who-not-asked = Ni ofynnwyd i gydweithwyr yn y grŵp hwn.
who-nobody = Nid atebodd unrhyw gydweithiwr amdanoch.
who-too-few = Rhy ychydig o gydweithwyr a atebodd amdanoch. Rydym yn dangos eu barn pan fydd o leiaf { WORD($needed) } yn ateb, fel na ellir adnabod neb. Mae llai na { WORD($needed) } yma.
who-unknown = Ni chofnodwyd faint a ofynnwyd.
who-asked = Atebodd { $n } o'r { $asked } o gydweithwyr a ofynnwyd amdanoch chi.
who-teams = Ni ofynnwyd sut y maent yn gweithio gyda chi.
who-groups = Yn ôl sut y maent yn gweithio gyda chi: { $groups }.
who-group = { $label } ({ $n })
who-group-unsaid = heb ddweud
who-groups-few = Rhy ychydig ohonynt sy'n gweithio gyda chi yn yr un ffordd. Felly rydym yn dangos pawb gyda'i gilydd.

profile = Eich proffil
profile-alt = { $label }. { $parts }
alt-own = Chi: { FIXED($value, 1) }
alt-peers = Cydweithwyr: { FIXED($value, 1) }
alt-team = Tîm: { FIXED($value, 1) }
alt-range = , amrediad tebygol { FIXED($lower, 1) } i { FIXED($upper, 1) }
alt-band = Hanner canol y grŵp: { FIXED($lower, 1) } i { FIXED($upper, 1) }
alt-cohort = Y grŵp cyfan: { FIXED($value, 1) }
alt-rest = Gweddill y grŵp: { FIXED($value, 1) }
key-own = chi, gyda'r amrediad tebygol
key-peers = eich cydweithwyr, gyda'r amrediad tebygol
key-band = hanner canol y grŵp
key-team = eich tîm, gyda'r amrediad tebygol
key-spread = ble mae tua dwy ran o dair o'r aelodau
key-rest = gweddill y grŵp
no-own = Rhy ychydig o atebion ar gyfer sgôr eich hun.
no-peers-here = Gallai rhy ychydig o gydweithwyr ateb ar hyn.

views = Ble mae barn yn cwrdd a ble mae'n wahanol
views-intro = Rydym yn cymharu eich barn chi a barn eich cydweithwyr. Nifer y cymwyseddau: { WORD($n) }. Rydym yn eu galw'n wahanol dim ond pan fydd y bwlch yn fwy nag y mae'r ddau amrediad yn ei ganiatáu.
views-one-intro = Rydym yn cymharu eich barn chi a barn eich cydweithwyr ar un cymhwysedd. Rydym yn eu galw'n wahanol dim ond pan fydd y bwlch yn fwy nag y mae'r ddau amrediad yn ei ganiatáu.
view-shared-strength = Cryfderau a rennir
view-shared-strength-why = Mae eich barn chi a barn eich cydweithwyr gyda'i gilydd yn rhoi hyn yn glir uwchben y gweddill.
view-hidden-strength = Cryfderau cudd
view-hidden-strength-why = Mae eich cydweithwyr yn gweld mwy o hyn na chi.
view-blind-spot = Mannau dall posibl
view-blind-spot-why = Rydych chi'n gweld mwy o hyn na'ch cydweithwyr. Efallai eu bod yn gweld rhannau eraill o'ch gwaith.
view-shared-development = Lle i dyfu a rennir
view-shared-development-why = Mae eich barn chi a barn eich cydweithwyr gyda'i gilydd yn rhoi hyn yn glir islaw'r gweddill.
view-none = Dim byd clir yma.
views-alike = Dim gwahaniaeth clir ar: { $names }.
views-alike-all = Nid oes gwahaniaeth clir ar yr un ohonynt. Mae hynny'n ateb llawn, nid yn fwlch yn yr adroddiad.
views-cannot = Ni allwn gymharu barn: { $why }
views-high = Nid yw cymhwysedd y mae eich sgôr arno yn { FIXED($high, 1) } neu fwy byth yn cael ei alw'n lle i dyfu.

own-only = Beth sy'n sefyll allan yn eich atebion
own-strengths = Yn glir uwchben eich sgorau eraill: { $names }.
own-priorities = Yn glir islaw eich sgorau eraill: { $names }.
own-even = Nid oes sgôr sy'n glir uwchben nac islaw'r lleill. Mae hynny'n ateb llawn: gall mai siawns yw'r bylchau rhyngddynt.
own-high = Mae pob sgôr yn { FIXED($high, 1) } neu fwy. Felly nid oes dim yn cael ei alw'n lle i dyfu.

groups = Beth mae pob grŵp o gydweithwyr yn ei weld
groups-intro = Dyma gyfartaledd pob grŵp o gydweithwyr. Dangosir grŵp ar ei ben ei hun pan fydd o leiaf { WORD($needed) } ynddo. Rhoddir grwpiau llai gyda'i gilydd.
groups-mean = { FIXED($value, 1) }
groups-few = rhy ychydig

items = Datganiadau sy'n sefyll allan
items-intro = Mae'r atebion hyn ymhellach o'r gweddill nag y byddai siawns yn ei esbonio. Gall un ateb fod yn llithriad o hyd. Defnyddiwch nhw i ddechrau sgwrs.
items-key = Bariau: sut mae'r grŵp cyfan yn ateb amdano'i hun, o { $low } ar y chwith i { $high } ar y dde. Y bar tywyll gyda'r saeth yw eich ateb chi.
items-none = Nid oes un datganiad sy'n sefyll allan yn glir o'ch atebion eraill.
items-own-high = Eich atebion uchaf
items-own-low = Eich atebion isaf
items-peer-high = Atebion uchaf eich cydweithwyr
items-peer-low = Atebion isaf eich cydweithwyr
items-turned = (gofynnwyd y ffordd arall: mae anaml yn dda)
item-own = Chi: { $label }
item-own-none = Chi: dim ateb
item-peers = Cydweithwyr: { FIXED($value, 1) } ar gyfartaledd
item-peers-none = Cydweithwyr: rhy ychydig i'w dangos
item-bands = Cydweithwyr: { $bands }
item-band = { $n } o { $low } i { $high }
item-cohort = Sut mae'r grŵp cyfan yn ateb amdano'i hun: { $shares }
item-share = { PERCENT($share) } { $label }

unseen = Beth na welodd cydweithwyr
unseen-intro = Ni roddodd hanner neu fwy o'ch cydweithwyr ateb i'r datganiadau hyn. Efallai nad ydynt yn gweld y rhan hon o'ch gwaith. Nid yw hynny'n dweud dim am ba mor dda rydych yn ei wneud.
unseen-row = { $wording } (ni roddodd { $n } o { $raters } ateb)

importance = Beth sy'n bwysig yn eich gwaith
importance-intro = Dyma pa mor bwysig y dywedoch fod pob un i'ch gwaith. Meddyliwch yn gyntaf am yr hyn sydd bwysicaf i chi.
importance-value = { FIXED($value, 0) }
importance-head = Pwysigrwydd
importance-none = heb ei ateb

change = Newid ers { $date }
change-intro = Mae newid yn cyfrif dim ond pan fydd dwy reol yn ei gael yn fwy nag y mae siawns yn ei esbonio. Mae tua un o bob ugain yn cyfrif trwy siawns yn unig. Nid methiant yw newid nad yw'n cyfrif.
change-rules = Y rheolau yw newid dibynadwy Jacobson a Truax, a rheol y sgôr wir.
change-improved = yn glir uwch
change-unchanged = dim newid clir
change-deteriorated = yn glir is
change-unknown = ni ellir ei gymharu
change-one-rule = gall mai siawns yw: dim ond un rheol sy'n ei gyfrif
change-not-asked = heb ei gymharu: gofynnwyd datganiadau eraill bryd hynny
change-not-tested = heb ei gymharu: ni wyddys a ddarllenwyd y datganiadau yr un fath y ddau dro
change-not-alike = heb ei gymharu: ni ddarllenwyd y datganiadau yr un fath y ddau dro
change-too-few = heb ei gymharu: rhy ychydig o aelodau
change-none = Nid oes gennych sgorau o { $date }, felly nid oes dim i'w gymharu.
change-head = Newid
change-limit = Yn cyfrif o
change-meaning = Beth mae'n ei olygu

comments = Beth ysgrifennodd cydweithwyr
comments-intro = Dyma eiriau eich cydweithwyr, mewn trefn ar hap. Darllenwch nhw ddwywaith, a chwiliwch am yr hyn sy'n codi fwy nag unwaith.
comments-too-few = Dangosir sylwadau pan fydd o leiaf { WORD($needed) } yn eu hysgrifennu. Ysgrifennodd llai na hynny un.

ideas = Syniadau i roi cynnig arnynt
ideas-intro = Dewiswch un. Mae camau bach a ailadroddir yn gwneud mwy na chynlluniau mawr.
ideas-first = Dechreuwch yma: { $names }.
ideas-none = Nid oes gan y set hon o gymwyseddau syniadau ei hun. Gofynnwch i'ch cyswllt am syniadau sy'n addas i'ch gwaith.

talk = I'w drafod gyda rhywun rydych yn ymddiried ynddo
talk-remember = Pa un o'r canlyniadau hyn sy'n cyd-fynd â rhywbeth rydych yn ei gofio'n dda?
talk-differ = Ble mae eich barn chi a barn eich cydweithwyr yn wahanol? Beth allent fod wedi'i weld?
talk-alike = Nid oes gwahaniaeth clir rhwng eich barn chi a barn eich cydweithwyr. A yw hynny'n cyd-fynd â'r hyn rydych yn ei wybod am eich gwaith?
talk-self = Pwy allai ddweud wrthych sut maent yn gweld y rhan hon o'ch gwaith?
talk-next = Beth yw un peth y gallech ei wneud mewn ffordd newydd y mis nesaf? Pwy allai eich helpu?

plan = Fy nghynllun
plan-intro = Ysgrifennwch yma, neu teipiwch yn y dudalen we. Cadwch ef yn fyr.
plan-strength = Beth rwy'n ei wneud yn dda ac am ei gadw
plan-change = Un peth y rhoddaf gynnig arno
plan-when = Pryd a gyda phwy
plan-help = Pa help sydd ei angen arnaf
plan-know = Sut y byddaf yn gwybod ei fod wedi gweithio
plan-review = Byddaf yn edrych ar hyn eto ar

limits = Beth na all yr adroddiad hwn ei ddweud wrthych
limits-once = Mae'n dangos un eiliad. Gofynnwch eto mewn blwyddyn a bydd y sgorau ychydig yn wahanol, hyd yn oed os nad ydych chi.
limits-use = Mae ar gyfer dysgu. Peidiwch â'i ddefnyddio ar gyfer cyflog, i ddewis staff, nac i farnu pa mor dda y mae rhywun yn gwneud ei waith.
limits-few = Nifer y bobl y mae barn eich cydweithwyr yn seiliedig arnynt: { WORD($n) }.
limits-chance = O bryd i'w gilydd mae siawns yn unig yn gwneud i sgôr sefyll allan. Ymddiriedwch fwy mewn canlyniad sy'n cyd-fynd â'r hyn a wyddoch.
contact = Cwestiynau? { $contact }
contact-none = Cwestiynau? Gofynnwch i'r person a anfonodd yr adroddiad hwn atoch.

## One team

team-of = Tîm { $team }
team-short-n = Nifer yr aelodau a atebodd: { $n }. Nid oes aelod yn cael ei enwi yma, ac ni ellir rhoi neb mewn trefn.
team-short-strengths = Cryfderau clir y tîm: { $names }.
team-short-priorities = Y lle cliriaf i dyfu: { $names }.
team-short-even = Nid oes sgôr sy'n sefyll allan yn glir o'r lleill. Mae hynny'n ganlyniad llawn: gall mai siawns yw'r bylchau rhyngddynt.
team-short-apart = Mae'r sgôr uchaf a'r sgôr isaf yn glir wahanol. Ond mae'r camau rhyngddynt yn fach, felly nid oes ychydig o sgorau'n sefyll ar wahân i'r lleill i gyd.
team-short-above = Yn glir uwchben gweddill y grŵp ar: { $names }.
team-short-below = Yn glir islaw gweddill y grŵp ar: { $names }.
team-short-alike = Nid yw'r tîm yn glir wahanol i weddill y grŵp ar ddim.
team-short-no-compare = Mae gweddill y grŵp yn rhy fach i gymharu ag ef.
team-how-purpose = Mae'r adroddiad hwn i'r tîm. Mae'n eich helpu i siarad am sut rydych yn gweithio gydag eraill.
team-how-score = Cyfartaledd sut mae aelodau'n gweld eu hunain yw sgôr. Mae'n mynd o { $low } ({ $low_label }) i { $high } ({ $high_label }).
team-how-range = Mae'r llinell o amgylch pob dot yn dangos ble y gall gwir sgôr y tîm fod.
team-how-spread = Mae'r bar llwyd yn dangos ble mae tua dwy ran o dair o'r aelodau. Mae bar llydan yn golygu bod barn yn amrywio.
team-how-rounded = Mae sgorau wedi'u talgrynnu, fel na all neb weithio allan beth ddywedodd un aelod.
team-how-small = Nid yw timau o lai na { WORD($needed) } yn cael adroddiad, ac mae angen cynifer o aelodau ar sgôr.
team-missing = Nifer yr aelodau sydd â sgôr yma: { $n }. { CAPITAL(WORD($needed)) } sydd eu hangen.
team-peers = Barn cydweithwyr am yr aelodau
team-peers-none = rhy ychydig o aelodau a gafodd sgôr
team-peers-not-asked = Ni ofynnwyd i gydweithwyr yn y grŵp hwn.
team-peers-why = Rydym yn dangos barn cydweithwyr pan fydd gan o leiaf { WORD($needed) } o aelodau ddigon o atebion. Nifer yn y tîm hwn: { $n }.
team-peers-intro = Dyma sut mae cydweithwyr yn gweld yr aelodau ar gyfartaledd. Nifer yr aelodau â digon o atebion: { $n }.
team-change-intro = Roedd gan { $before } o aelodau sgôr bryd hynny, ac mae gan { $now } un nawr. Nid oes rhaid mai'r un bobl ydynt. Mae newid yn cyfrif dim ond pan fydd dwy reol yn ei gael yn fwy nag y mae mynd a dod a siawns yn ei esbonio.
team-change-none = Dangosir newid tîm pan oedd gan { WORD($needed) } o aelodau neu fwy sgôr y ddau dro, a phan na ellir adnabod neb mewn tîm arall ohono. Nid felly y mae yma.
team-response-known = Mae gan { $n } o'r { $invited } o bobl a ofynnwyd yn y tîm hwn sgôr ({ PERCENT($share) }).
team-response = Ni chofnodwyd faint a ofynnwyd yn y tîm hwn.
team-agree = Pa mor debyg yw'r farn
team-agree-intro = Gall aelodau sy'n gweld pethau'r un fath weithredu ar unwaith. Lle mae barn yn wahanol, siaradwch yn gyntaf. Mae cytundeb yn mynd o 0 (dim) i 1 (llawn). Mae'r golofn olaf yn dangos pa mor bell y mae aelodau o gyfartaledd y tîm, mewn pwyntiau.
team-agree-head = Cytundeb (rwg)
team-deviation-head = Pellter (pwyntiau)
team-compare-head = Wrth ymyl gweddill y grŵp
team-above = yn glir uwch
team-below = yn glir is
team-no-clear-difference = dim gwahaniaeth clir
team-not-compared = heb ei gymharu
sheet = Taflen gytundeb
sheet-intro = Yn gyntaf mae pob aelod yn llenwi'r golofn gyntaf wag ar ei ben ei hun. Yna siaradwch, a chytunwch ar y nesaf. Dechreuwch ar y brig: yno mae'r atebion bellaf oddi wrth ei gilydd.
sheet-wide = Ar y rhain mae'r atebion ymhell oddi wrth ei gilydd, felly dechreuwch gyda nhw: { $names }.
sheet-apart = Atebion
sheet-mine = Fy marn i ({ $low } i { $high })
sheet-ours = Beth rydym yn cytuno arno
sheet-why = Beth welsom sy'n ei ddangos
sheet-range = { FIXED($mean, 1) }, y rhan fwyaf o { FIXED($low, 1) } i { FIXED($high, 1) }
sheet-none = heb ei ddangos
ready = Ydyn ni'n barod i weithio fel un?
ready-intro = Gofynnwch y rhain gyda'ch partneriaid yn yr ystafell. Marciwch bob un: ydym, yn rhannol, neu ddim eto.
team-talk = I'w drafod yn y tîm
team-talk-know = Pa ganlyniad rydym yn ei adnabod yn dda, a pha un sy'n newydd i ni?
team-talk-keep = Beth sy'n ein helpu i weithio gydag eraill nawr, a sut mae ei gadw?
team-talk-next = Beth yw un peth y gallem roi cynnig arno y mis nesaf? Sut byddwn yn gwybod ei fod wedi gweithio?
guide = Canllaw i'r person sy'n arwain y sgwrs
guide-intro = Mae angen naw deg munud, ystafell dawel a chopi i bob aelod. Nid oes rhaid i chi wybod yr atebion. Eich gwaith chi yw bod pawb yn cael eu clywed.
guide-more = Canllaw, ail dudalen: i'w gadw wrth law
guide-before = Cyn i chi gwrdd
guide-before-1 = Darllenwch yr adroddiad ddwywaith. Nodwch beth nad yw'n cael ei ddangos a pham.
guide-before-2 = Gofynnwch i'r tîm a ydynt am wneud hyn nawr. Os yw ymddiriedaeth yn isel, siaradwch am hynny yn gyntaf.
guide-before-3 = Cytunwch ar y rheolau: rydym yn siarad am waith, nid am bobl. Nid ydym yn dyfalu pwy ddywedodd beth.
guide-before-4 = Os mai chi yw rheolwr y tîm, meddyliwch am ofyn i rywun arall arwain.
guide-steps = Y naw deg munud
guide-step-1 = 0 i 10 munud. Dywedwch pam rydych yn cwrdd a phwy fydd yn gweld beth ddaw ohono.
guide-step-2 = 10 i 25 munud. Darllenwch y proffil yn dawel. Mae pob person yn nodi un peth y mae'n ei wybod ac un sy'n newydd.
guide-step-3 = 25 i 55 munud. Llenwch y daflen gytundeb, yn gyntaf ar eich pen eich hun ac yna gyda'ch gilydd. Dechreuwch lle mae'r farn bellaf oddi wrth ei gilydd.
guide-step-4 = 55 i 75 munud. Dewiswch un peth i'w gadw ac un peth i roi cynnig arno. Gofynnwch beth fyddai'n rhwystro.
guide-step-5 = 75 i 85 munud. Ysgrifennwch pwy sy'n gwneud beth, erbyn pryd, a sut y byddwch yn gwybod.
guide-step-6 = 85 i 90 munud. Mae pob person yn dweud mewn un frawddeg beth y mae'n ei gymryd gydag ef.
guide-hard = Pan fydd yn anodd
guide-numbers = Sut i esbonio'r rhifau
guide-numbers-1 = Y dot yw cyfartaledd y tîm. Mae'r llinell yn dweud pa mor sicr y gallwn fod. Os yw dwy linell yn gorgyffwrdd llawer, triniwch y ddau sgôr fel rhai tebyg.
guide-numbers-2 = Y bar llwyd yw lle mae'r rhan fwyaf o'r aelodau. Nid yw bar llydan yn ddrwg. Mae'n golygu bod pobl yn gweld pethau gwahanol, ac mae hynny'n werth sgwrs.
guide-numbers-3 = Mae cytundeb yn agos at 1 yn golygu bod aelodau'n ateb yn debyg. Nid yw'n golygu eu bod yn gywir.
guide-numbers-4 = Nid sero yw heb ei ddangos. Mae'n golygu bod rhy ychydig wedi ateb i gadw pob person yn ddiogel.
guide-numbers-5 = Nid targed yw gweddill y grŵp. Mae tîm arall yn gwneud gwaith arall gyda phobl eraill.
guide-ask = Cwestiynau sy'n agor y sgwrs
guide-ask-1 = Pryd y gwnaethom weithio'n dda gyda gwasanaeth arall? Beth wnaeth i hynny weithio?
guide-ask-2 = Beth fyddai person sydd angen tri o'n gwasanaethau yn ei ddweud amdanom?
guide-ask-3 = Pa ganlyniad na fyddai ein partneriaid yn cytuno ag ef?
guide-ask-4 = Beth rydym yn falch ohono nad yw'r adroddiad hwn yn ei ddangos?
guide-hard-1 = Mae rhywun yn gofyn pwy roddodd ateb isel. Dywedwch na all yr adroddiad ddweud, ac na fyddwch yn dyfalu. Gofynnwch beth fyddai'n helpu.
guide-hard-2 = Mae'r tîm yn dweud bod y rhifau'n anghywir. Efallai eu bod. Edrychwch ar yr amrediadau, a gofynnwch beth y mae aelodau wedi'i weld eu hunain.
guide-hard-3 = Nid oes dim yn sefyll allan. Mae hynny'n ganlyniad. Dewiswch yn ôl yr hyn sydd bwysicaf i'r bobl rydych yn eu cefnogi.
guide-hard-4 = Mae dau yn siarad a'r gweddill yn dawel. Ewch o amgylch y bwrdd, a gadewch i bawb siarad unwaith cyn i neb siarad ddwywaith.
guide-hard-5 = Mae rhywun wedi cynhyrfu. Cymerwch egwyl. Siaradwch â nhw ar eu pen eu hunain, a dywedwch pwy all helpu.
guide-after = Wedyn
guide-after-1 = Anfonwch y cynllun at bawb o fewn dau ddiwrnod. Peidiwch ag anfon nodiadau o bwy ddywedodd beth.
guide-after-2 = Edrychwch ar y cynllun eto ar ôl chwe wythnos. Cadwch yr hyn sy'n gweithio a gollyngwch y gweddill.
guide-after-3 = Mesurwch eto ar ôl blwyddyn ar y cynharaf. Ni fydd newidiadau bach yn dangos cyn hynny.
team-plan-keep = Beth rydym yn ei gadw
team-plan-try = Beth y rhoddwn gynnig arno, pwy sy'n ei wneud, ac erbyn pryd
team-plan-partners = Pa bartneriaid y gofynnwn iddynt ymuno
team-plan-know = Sut y byddwn yn gwybod ei fod wedi gweithio
team-plan = Ein cynllun
team-limits-use = Mae ar gyfer dysgu. Peidiwch â'i ddefnyddio i gymharu timau, ar gyfer cyflog, nac i ddewis staff.
team-limits-self = Mae'n dangos sut mae aelodau'n gweld eu hunain. Gall pobl sy'n defnyddio'r gwasanaethau ei weld mewn ffordd arall.

## The board

board-short = Yn fyr
board-people = Nifer y bobl a atebodd: { $n }.
board-response = Atebodd { $n } o'r { $invited } o bobl a ofynnwyd ({ PERCENT($share) }).
board-response-unknown = Ni chofnodwyd faint a ofynnwyd.
board-peers = Nifer â digon o atebion gan gydweithwyr i ddangos y farn honno: { $n }.
board-peers-not-asked = Ni ofynnwyd i gydweithwyr.
board-teams = Mae { $reported } o { $teams } tîm yn ddigon mawr i gael adroddiad eu hunain. Mae'r lleill yn y cyfansymiau yn unig.
board-teams-not-asked = Ni chofnodwyd timau.
board-how = Sut i ddarllen hwn
board-how-1 = Y sgorau yw sut mae staff yn gweld eu hunain, o { $low } i { $high }. Nid ydynt yn dweud dim am ansawdd y gofal ynddynt eu hunain.
board-how-2 = Nid oes rhestr o dimau. Mae gwahaniaethau rhwng timau yn fach wrth ymyl y gwahaniaethau o'u mewn, a byddai trefn yn camarwain.
board-how-3 = Mae tîm yn cyfrif fel yn glir uwch neu is dim ond pan fydd y bwlch yn fwy nag y mae siawns yn ei ganiatáu. Gall ambell un gael ei gyfrif ar siawns o hyd.
board-whole = Y grŵp cyfan
board-key = y grŵp cyfan, gyda'r amrediad tebygol
board-key-teams = hanner canol y timau
board-teams-alt = Hanner canol y timau: { FIXED($lower, 1) } i { FIXED($upper, 1) }
board-teams-few = Rhy ychydig o dimau i ddangos gwasgariad.
board-too-few = Rhy ychydig o bobl i'w dangos.
board-spread = Timau wrth ymyl y gweddill
board-above = Yn glir uwch
board-below = Yn glir is
board-no-difference = Dim gwahaniaeth clir
board-questions = Cwestiynau i'r bwrdd
board-question-1 = Beth rydym yn ei wneud sy'n ei gwneud yn haws, neu'n anos, i staff weithio ar draws gwasanaethau?
board-question-2 = Lle mae staff yn gweld lle i dyfu, pa amser a chefnogaeth sydd ganddynt?
board-question-3 = Pwy na ofynnwyd iddynt, neu na atebodd, a beth allent fod wedi'i ddweud?
board-limits = Beth na all hwn ei ddweud wrthych
board-limits-1 = Mae'n dangos un eiliad ac yn seiliedig ar yr hyn y mae staff yn ei ddweud amdanynt eu hunain.
board-limits-2 = Nid yw'n sail i wobrau, targedau na threfn timau.
