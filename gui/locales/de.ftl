# Menus and commands
menu-file = Datei
menu-edit = Bearbeiten
menu-time = Zeit
menu-view = Ansicht
menu-run = Lauf
menu-learn = Lernen
menu-help = Hilfe
menu-recent = Zuletzt geöffnet
menu-recent-none = noch nichts
cmd-open = Öffnen …
cmd-save = Eingabe speichern unter …
cmd-export-json = Ergebnis als JSON exportieren …
cmd-export-csv = Zahlen als CSV exportieren …
cmd-export-table = Tabelle als Text exportieren …
cmd-export-png = Ablauf als PNG exportieren …
cmd-export-svg = Ablauf als SVG exportieren …
cmd-quit = Beenden
cmd-undo = Rückgängig
cmd-redo = Wiederholen
cmd-fork = Was wäre, wenn jetzt ein Job käme? …
cmd-find = Job suchen
cmd-find-next = Weitersuchen
cmd-find-last = Rückwärts suchen
cmd-play = Abspielen oder anhalten
cmd-pause = Anhalten
cmd-step = Zum nächsten Ereignis
cmd-step-back = Einen Schritt zurück
cmd-decision = Zur nächsten Entscheidung
cmd-decision-back = Zurück zur vorigen Entscheidung
cmd-start = Zum Anfang
cmd-end = Zum Ende
cmd-faster = Schneller abspielen
cmd-slower = Langsamer abspielen
cmd-bookmark = Lesezeichen hier setzen oder entfernen
cmd-next-bookmark = Zum nächsten Lesezeichen
cmd-zoom-in = Vergrößern
cmd-zoom-out = Verkleinern
cmd-pan-left = Nach links
cmd-pan-right = Nach rechts
cmd-fit = Alles zeigen
cmd-fit-selection = Auswahl vergrößern
cmd-next-stretch = Nächster Abschnitt des Jobs
cmd-last-stretch = Voriger Abschnitt des Jobs
cmd-mark-a = Marke A hier setzen
cmd-mark-b = Marke B hier setzen
cmd-clear-marks = Marken entfernen
cmd-cores = Kerne zeigen oder verbergen
cmd-tasks = Tasks zeigen oder verbergen
cmd-arrows = Pfeile der Weckrufe zeigen oder verbergen
cmd-follow = Beim Abspielen der Zeit folgen
cmd-rows = Alle Zeilen in üblicher Ordnung zeigen
cmd-tone = Hell oder dunkel
cmd-projector = Projektor: groß und hell
cmd-language = Nächste Sprache
cmd-layout = Anordnung zurücksetzen
cmd-show-library = Bibliothek zeigen
cmd-show-controls = Strategien und Kosten zeigen
cmd-show-tasks = Tasktabelle zeigen
cmd-show-text = Text zeigen
cmd-show-network = Netz zeigen
cmd-show-chart = Ablauf zeigen
cmd-show-live = Maschine zeigen
cmd-show-why = Begründung zeigen
cmd-show-events = Ereignisse zeigen
cmd-show-metrics = Zahlen zeigen
cmd-show-plots = Verteilungen zeigen
cmd-race = Strategien vergleichen
cmd-batch = Wiederholungen
cmd-run-batch = Wiederholungen starten
cmd-run-race = Wiederholungen des Vergleichs starten
cmd-cancel = Abbrechen
cmd-lessons = Lektionen zeigen
cmd-next-lesson = Nächste Lektion
cmd-last-lesson = Vorige Lektion
cmd-lesson-done = Lektion als erledigt markieren oder nicht
cmd-palette = Befehlspalette
cmd-shortcuts = Tastenkürzel
cmd-escape = Schließen oder Auswahl aufheben

# Panes
pane-library = Bibliothek
pane-controls = Strategie
pane-tasks = Tasks
pane-text = Text
pane-network = Netz
pane-chart = Ablauf
pane-live = Maschine
pane-why = Warum
pane-events = Ereignisse
pane-metrics = Zahlen
pane-plots = Verteilungen
pane-race = Vergleich
pane-batch = Wiederholungen
pane-lessons = Lektionen

# States of jobs and cores
state-run = läuft
state-switch = Wechsel
state-dispatch = Zuteilung
state-ready = bereit
state-preempted = verdrängt
state-blocked = blockiert
state-waiting = wartet auf eine Marke
state-joining = wartet auf Kinder
status-completed = fertig
status-unfinished = nicht fertig
status-lost = abgewiesen
status-timed-out = aufgegeben
deadline-met = eingehalten
deadline-missed = verpasst
deadline-open = offen

# The schedule
chart-empty = Wähle eine Lektion, öffne etwas aus der Bibliothek, lege eine Datei hier ab oder drücke Strg+O.
chart-cores = Kerne
chart-tasks = Tasks
chart-arrows = Pfeile
chart-arrows-zoom = vergrößern, um zu sehen, wer wen weckte
chart-arrows-thinned = { $drawn } von { $all } Weckrufen haben einen Pfeil: vergrößern
chart-name = Gantt-Diagramm
thinned-rows = { $jobs } Jobs haben keine eigene Zeile: zu viele ihres Tasks überlappen sich
thinned-end = das Diagramm zeigt die ersten { $jobs } Jobs, bis { $end }; die Zahlen sind die des ganzen Laufs; ganz gezeichnet werden Läufe mit höchstens { $most } Jobs
chart-merged = { $merged } Abschnitte sind zu Spalten zusammengefasst, { $drawn } stehen allein: vergrößern zeigt alle
chart-zoom-in = hier schmaler als ein Pixel: vergrößern
axis-name = Zeitachse, Zeiger bei { $at }
minimap-name = Überblick über den ganzen Lauf
minimap-help = Auslastung der Kerne; zum Verschieben ziehen
row-name = Zeile { $name }
row-help = { $name }: Doppelklick heftet an, Rechtsklick zeigt mehr
row-pin = Oben anheften
row-unpin = Loslösen
row-up = Nach oben
row-down = Nach unten
row-hide = Verbergen
row-reset = Alle Zeilen wie am Anfang
find-hint = Job suchen
find-nothing = kein Job heißt wie „{ $text }“

# Das Netz der Stationen
network-empty = Ein Szenario öffnen, um seine Stationen und Wege zu sehen.
network-too-large = Diese Eingabe ist zu groß, um als Netz gezeichnet zu werden.
network-add = ➕ Hinzufügen
network-fit = Alles zeigen
network-tidy = Aufräumen
network-classes = Klassen:
network-implied = Nur zum Ansehen: das bedeutet die Liste oder das Protokoll
network-implied-help = Eine Taskliste oder ein Protokoll hat keine eigenen Stationen, die sich ändern ließen. Dafür braucht es ein Szenario.
network-thinned = nur die ersten { $count } Schritte sind gezeichnet
network-source = Quelle
network-class = Klasse
network-processor = Prozessor
network-device = Gerät
network-pool = Pool
network-balancer = Verteiler
network-server = Servergruppe
network-delay = Verzögerung
network-join = Zusammenführung
network-exit = Ausgang
network-missing = Fehlt
network-missing-note = { $word }: nicht vorhanden
network-tokens = { $count ->
    [one] 1 Marke
   *[other] { $count } Marken
}
network-cores = { $count ->
    [one] 1 Kern
   *[other] { $count } Kerne
}
network-tasks = { $count ->
    [one] 1 Task
   *[other] { $count } Tasks
}
network-join-note = { $join } von { $count }
network-group = { $name } × { $count }
network-busy = belegt { $busy } / { $cores }
network-held = vergeben { $held } / { $size }
network-connect = { $name } verbinden
network-connect-help = Zu einer Station ziehen: dorthin gehen Jobs als Nächstes
network-connect-not = so lassen sich Jobs nicht schicken: von einer Quelle oder einer Station auf dem Weg einer Klasse zu einem Prozessor, einem Pool oder einem Verteiler ziehen
network-scenario = Szenario
network-hint = Auf eine Station, einen Pfeil oder eine Klasse klicken, um sie zu ändern. Vom Punkt am rechten Rand zu einer anderen Station ziehen, um Jobs als Nächstes dorthin zu schicken. Eine Station lässt sich verschieben.
network-name = Name
network-set = { $name } setzen
network-clear = { $name } entfernen
network-fixed = fest
network-default = Vorgabe
network-value-of = Wert von { $name }
network-duplicate = Verdoppeln
network-remove = Entfernen
network-up = ⬆ Früher
network-down = ⬇ Später
network-before = ➕ Davor
network-after = ➕ Danach
network-inside = ➕ Innen { $number }
network-child = ➕ Kind
network-child-number = Kind { $number }
network-steps = Schritte der Klasse
network-step-of = Schritt { $number } von { $class }: { $word }
network-processors = Prozessoren:
network-pools = Pools:
network-visit = In einen Weg einfügen
network-first = am Anfang
network-last = am Ende
network-add-missing = ➕ Hinzufügen, was fehlt: { $name }
network-remove-title = { $name } entfernen?
network-remove-named = { $name } wird { $count ->
    [one] an einer Stelle genannt:
   *[other] an { $count } Stellen genannt:
}
network-remove-mistakes = { $count ->
    [one] Ohne es hat der Text einen Fehler:
   *[other] Ohne es hat der Text { $count } Fehler:
}
network-remove-all = Mit allem entfernen, was es nennt
network-remove-only = Nur dieses entfernen

# Details
details-state = Zustand
details-span = von – bis
details-waited = wartete vorher
details-waker = geweckt durch
details-arrival = Ankunft
details-status = Status
details-served = Prozessorzeit
details-overhead = Mehraufwand
details-blocked = blockiert
details-preemptions = Verdrängungen
details-deadline = Frist
waker-release = die eigene Ankunft
waker-timer = einen Zeitgeber: seine Pause war um
waker-own = das eigene Gerät oder Kind
waker-job = { $job } gab zurück, worauf er wartete
waker-preempted = niemanden: er verlor den Kern

# Time
speed = Tempo
bookmarks = 🔖 { $count }
bookmark-note = Notiz
fork-button = ➕ Was wäre, wenn …?
fork-help = Ein Job kommt zum Zeitpunkt des Zeigers an, und alles läuft neu
fork-title = Ein Job kommt bei { $at } an
fork-text = Alles davor bleibt, wie es war. Rückgängig nimmt den Job wieder weg.
fork-cpu = Prozessorzeit
fork-class = Klasse
fork-go = Ankommen lassen
fork-done = ein Job kommt bei { $at } an
fork-impossible = ein Job lässt sich nur zu Tasklisten und Szenarien hinzufügen

# What is run
status-empty = nichts ist offen
status-first = { $name }: der erste Lauf ist unterwegs
status-seed = Startwert { $seed }
status-assumed = angenommen: jede Anfrage braucht { $service }, auf { $servers ->
    [one] einem Server
   *[other] { $servers } Servern
}
status-assumed-help = Das Log sagt es nicht. Beides steht unter Strategie.
status-digest = Prüfsumme { $digest }
status-digest-help = Eine Prüfsumme der ganzen Ereignisfolge. Die Kommandozeile hat dieselbe für dieselbe Eingabe.
status-ties-help = Die geltenden Gleichstandsregeln
run-progress = Fortschritt
run-events = { $events } Ereignisse
run-cancelled = der Lauf wurde abgebrochen; gezeigt wird der vorige
run-cancelled-first = der Lauf wurde abgebrochen
no-run-yet = der erste Lauf ist unterwegs
no-run = es gibt keinen Lauf zu zeigen
run-too-long = der Lauf hat mehr als { $events } Ereignisse, die Grenze dieses Fensters: kürzen Sie ihn, oder nehmen Sie die Befehlszeile, die keine solche Grenze hat
run-bug = das ist ein Fehler in DispatchLab: { $words }
mistakes-first = { $count ->
    [one] 1 Fehler
   *[other] { $count } Fehler
}
mistakes =
    { $count ->
        [one] 1 Fehler
       *[other] { $count } Fehler
    }: gezeigt wird der letzte gute Lauf

# Lessons
lessons-title = Lektionen
lessons-hint = Jede hat eine Frage, etwas in diesem Fenster zu tun, und den Grund. Beginne, wo du willst.
lessons-progress = { $done } von { $all } erledigt
lessons-all = ☰ Alle Lektionen
lesson-is-done = erledigt
lesson-is-begun = begonnen
lesson-done = Diese Lektion habe ich erledigt
lesson-next = Weiter: { $title }
dial-nothing = was offen ist, hat kein { $name }
lesson-missing = es gibt keine Lektion „{ $name }“

# Library
library-title = Bibliothek
library-hint = Klicken öffnet. Alles lässt sich ändern und zurücknehmen.
library-textbook = Lehrbuch
library-showcase = Schaufenster
library-regions = Transaktionsregionen
library-theory = Theorie: geschlossene Formeln
library-bench = Große Läufe

# Controls
controls-empty = öffne etwas, um seine Strategie zu ändern
controls-scheduler = Scheduler von { $station }
controls-balancer = Verteiler { $station }
controls-policy = Strategie
controls-policy-of = Strategie von { $station }
controls-machine = Maschine und Lauf
controls-cores = Kerne
controls-context-switch = Kontextwechsel
controls-dispatch-latency = Zuteilungszeit
controls-cost-help = Kosten jeder Zuteilung an einen anderen Job. Jede Einheit: 5us, 0.1ms.
controls-unit = Einheit bloßer Zahlen
controls-io = E/A der Tasks
controls-service = Bedienzeit
controls-servers = Server
controls-interrupts = Unterbrechungen
controls-scale = Last, mal
controls-columns = Spalten
controls-set = Änderungen über dem Text
controls-set-help = Wie die Option --set der Befehlszeile: ein Pfad und ein Wert, etwa web.count=4
controls-seed = Startwert
controls-until = Lauf bis
controls-warmup = Anlaufzeit
controls-default = wie gegeben
controls-ties = Gleichstandsregeln
controls-preset = Vorgabe
param-default = Vorgabe: { $value }

# Task table
tasks-empty = öffne eine Taskliste, um sie hier zu ändern
tasks-other = Nur Tasklisten haben eine Tabelle. Diese Eingabe wird als Text geändert.
tasks-add = ➕ Task
tasks-column = Spalte hinzufügen
tasks-cell = { $column } in Zeile { $row }
tasks-delete = Zeile { $row } löschen

# Text
text-empty = öffne etwas, um seinen Text zu sehen
text-too-long = { $bytes } Bytes, die kein Text sind oder zu viele, um sie hier zu ändern

# Why
why-empty = öffne etwas, um das Warum zu sehen
why-none = noch keine Entscheidung
why-before = keine Entscheidung in diesem Augenblick; die letzte davor, bei { $at }:
why-count = Entscheidung { $number } von { $all }
why-policy = Strategie { $policy }
why-job = Job
why-server = Server
why-more = und { $count } weitere
why-chosen = Gewählt bei { $at }: Entscheidung zeigen
why-soon = das Warum wird ermittelt …
why-runs = { $station } Kern { $core } führt { $job } aus, bis die Arbeit getan ist
why-runs-at-most = { $station } Kern { $core } führt { $job } aus, höchstens { $slice } lang
why-taken = { $station } Kern { $core } wird für { $job } frei gemacht
why-sent = { $balancer } schickt { $job } zu { $server }
why-only-server = der einzige Server, der zur Wahl stand
why-only-job = der einzige Job, der zur Wahl stand
why-tie = { $rule }; die Schlüssel waren gleich, also entschied die Gleichstandsregel: { $tie }
why-last = Vorige Entscheidung
why-next = Nächste Entscheidung

# Events
events-empty = öffne etwas, um zu sehen, was geschieht
events-count = { $count } Ereignisse; klicken springt dorthin
events-time = Zeit
events-job = Job
events-what = was
event-release = kommt an
event-complete = ist fertig
event-lost = abgewiesen
event-missed = verpasst die Frist

# Numbers
metrics-empty = öffne etwas, um seine Zahlen zu sehen
metrics-metric = Kennzahl
metrics-value = Wert
metrics-change = seit der letzten Änderung
metrics-first-run = erster Lauf
metrics-finish = Ende
quantity-response = Antwortzeit
quantity-waiting = Wartezeit
quantity-first-response = erste Antwort

# Distributions
plots-empty = öffne etwas, um Verteilungen zu sehen
plots-until = dessen, was beim Zeiger bekannt ist
plots-cdf = Verteilungsfunktion
plots-histogram = Histogramm
plots-histogram-of = Histogramm von { $count } Jobs
plots-waiting = wartende Jobs über der Zeit

# The machine
live-empty = öffne etwas, um die Maschine zu sehen
live-idle = frei
live-queue = Schlange { $count }
live-next = nächster
live-tokens-held = { $held } von { $count } Marken vergeben
live-holds = { $job } hält eine Marke
live-delay = Pausen
live-join = warten auf Kinder
live-share = einer von { $count }

# Race
race-empty = öffne etwas, um Strategien darauf zu vergleichen
race-hint = Wähle bis zu drei andere Strategien. Alle bekommen dieselben Jobs.
race-add = Strategie hinzufügen
race-against = gegen
race-remove = { $policy } entfernen
race-export = Als CSV exportieren …
race-parts = { $policy } weicht ab bei Entscheidung { $number }, t = { $at }
race-same = { $policy } entscheidet alles gleich
race-alone = alle Strategien des Vergleichs sind dieselbe: wähle eine andere
race-replications = Wiederholungen von jeder
race-common = Alle Strategien bekommen dieselben Zufallszahlen, Wiederholung für Wiederholung; Unterschiede werden paarweise gebildet.
race-run = ▶ Alle starten
race-old = der Aufbau oder die Strategien wurden seitdem geändert; neu starten
race-over = Über { $replications } Wiederholungen jeder Strategie: Mittel und Unterschiede mit { $level }-%-Intervallen.
race-policy = Strategie
race-mean = Mittel
race-difference = Unterschied
race-verdict = Urteil
race-tied = unentschieden: { $policies }
race-reference = Referenz
race-better = besser
race-worse = schlechter
race-small = kein wesentlicher Unterschied
race-undecided = kein Unterschied gezeigt

# Replications
batch-replications = Wiederholungen
batch-run = ▶ Starten
batch-hint = Derselbe Aufbau jedes Mal mit anderen Zufallszahlen, mit Konfidenzintervallen.
batch-old = der Aufbau wurde seitdem geändert; neu starten
batch-scope = wo
batch-interval = 95-%-Intervall
batch-n = Wiederholungen
batch-export-html = Bericht …
batch-export-table = Tabelle …
batch-export-csv = CSV …
batch-export-json = JSON …

# Windows over the window
palette-hint = Befehl eingeben
open-path = Pfad oder Name aus der Bibliothek
open-open = Öffnen
open-drop = Eine Datei kann auch auf das Fenster gezogen werden.
open-nothing = lässt sich hier nicht öffnen
browse = Durchsuchen …
cancel = Abbrechen
close = Schließen
save-title = In eine Datei schreiben
save-write = Schreiben
save-done = geschrieben: { $path }
open-web = eine Seite öffnet die Bibliothek und Dateien, die ausgewählt oder abgelegt werden
open-no-file = { $name }: das ist keine Datei
open-too-large = { $name }: größer als { $most } MiB; dafür ist die Befehlszeile da
export-too-many = das Diagramm hat zu viele Abschnitte für ein Bild
export-nothing = noch gibt es nichts zu exportieren
drop-here = Szenario, Taskliste oder Zugriffsprotokoll ablegen
help-pointer = Im Ablauf
help-wheel = Mausrad: am Zeiger vergrößern. Umschalt und Mausrad: verschieben.
help-drag = Ziehen: zwischen A und B messen.
help-pan = Mit rechter oder mittlerer Taste ziehen: verschieben.
help-click = Klicken: dorthin gehen und auswählen. Achse und Überblick lassen sich ziehen.
help-double = Doppelklick: Abschnitt vergrößern oder alles zeigen.
help-names = Rechtsklick auf einen Zeilennamen: anheften, verschieben, verbergen.

# Vorhersagen
pane-exercise = Übung
cmd-exercise = Übung zeigen
cmd-predict-next = Vorhersagen: Wer ist der Nächste?
cmd-predict-draw = Vorhersagen: den Ablauf zeichnen
cmd-predict-go = Weiter, oder die Zeichnung prüfen
cmd-predict-hint = Hinweis
cmd-predict-reveal = Lösung zeigen
cmd-predict-skip = Überspringen
cmd-predict-1 = Antwort 1
cmd-predict-2 = Antwort 2
cmd-predict-3 = Antwort 3
cmd-predict-4 = Antwort 4
cmd-predict-5 = Antwort 5
cmd-predict-6 = Antwort 6
cmd-predict-7 = Antwort 7
cmd-predict-8 = Antwort 8
cmd-predict-9 = Antwort 9
cmd-predict-nobody = Antwort: Der Kern bleibt leer
cmd-predict-restart = Von vorn
cmd-predict-leave = Beenden und alles zeigen
cmd-sheet-html = Aufgabenblatt als HTML schreiben …
cmd-sheet-csv = Aufgabenblatt als CSV schreiben …
predict-title = Vorhersagen
predict-about = Was kommt, ist in jedem Bereich verborgen. Sag, wie es weitergeht.
predict-empty = Öffne zuerst etwas, oder nimm ein Aufgabenblatt.
predict-hidden = Nicht während der Vorhersage: Es würde zeigen, was noch kommt. Beende zuerst die Übung.
predict-begin-next = Wer ist der Nächste?
predict-begin-draw = Ablauf zeichnen
predict-ask-arrivals = Fragen, wenn ein Task kommt und keiner weichen muss
predict-ask-single = Fragen, wo nur ein Task bereit ist
predict-question = t = { $at }: Wer läuft jetzt?
predict-question-station = t = { $at }: Wer läuft jetzt auf { $station }?
predict-question-core = t = { $at }: Wer läuft jetzt auf Kern { $core } von { $station }?
predict-progress = Frage { $number } von { $all }
predict-score = { $right } von { $asked } richtig
predict-streak = { $streak } in Folge, höchstens { $most }
predict-option = { $task } wählen
predict-running = (läuft)
predict-nobody = Keiner: leer
predict-other = Ein anderer Task
predict-arrival = Ankunft
predict-since = seit
predict-served = erhielt
predict-left = Rest
predict-burst = Dauer
predict-right = ✔ Richtig: { $task }
predict-wrong = ✖ { $name }. Richtig ist { $task }.
predict-shown = Es ist { $task }.
predict-on = Nächste Frage (Eingabe)
predict-last = Ergebnis (Eingabe)
predict-stays = { $task } bleibt auf dem Kern: Nach der Regel „{ $rule }“ geht keiner vor, der wartet.
predict-stays-always = { $task } bleibt auf dem Kern: Ein neuer Task unterbricht hier nicht.
predict-over = { $percent } % richtig
predict-over-see = Alles ist wieder zu sehen. Ein Zeichen oben führt zu seinem Zeitpunkt.
predict-outcome-right = richtig
predict-outcome-shown = gezeigt
predict-outcome-skipped = übersprungen
mistake-unknown-task = Kein solcher Task
mistake-unknown-core = Kein solcher Kern
mistake-overlap = Zwei zugleich
mistake-before-arrival = Vor der Ankunft
mistake-while-blocked = Läuft während seiner E/A
mistake-not-ready = Nicht in der Warteschlange
mistake-wrong-length = Zu lang oder zu kurz
mistake-interrupted = Unterbrochen
mistake-migrated = Wechselt den Kern
mistake-idle = Leer, obwohl ein Task wartet
mistake-tie-rule = Gleichstandsregel missachtet
mistake-other-policy = Andere Strategie
mistake-wrong-task = Falscher Task
mistake-wrong-number = Falsche Zahl
mistake-missing = Fehlt
draw-title = Den Ablauf zeichnen
draw-about = Wer läuft wann? Wähle einen Task und zeichne.
draw-about-cores = Die Kerne sind gleich: jeder freie ist recht. Ein Task, der weiterläuft, bleibt auf seinem Kern.
draw-about-io = Du zeichnest die Kerne. Wann ein Task bei der E/A ist, folgt daraus und steht darunter.
draw-name = Zeichnung
draw-of = { $what }: Zeichnung
draw-core = Kern { $core }
draw-away = { $task } fort
draw-io = E/A
draw-queued = wartet
draw-cell = Kern { $core }, { $from } bis { $to }: { $task }
draw-needs = braucht
draw-drawn = bisher
draw-brush = Mit { $task } zeichnen
draw-eraser = Radierer
draw-check = Prüfen (Eingabe)
draw-clear = Leeren
draw-show = Lösung zeigen
draw-hide = Lösung verbergen
draw-answer = Der richtige Ablauf
draw-score = { $percent } % richtig
draw-right = ✔ Alles richtig
draw-first-wrong = falsch ab { $at }
draw-why = Warum, bei { $at }
draw-help-pointer = Klicke oder ziehe im Raster, um zu zeichnen.
draw-help-keys = Tastatur, im Raster: Pfeile bewegen, 1 bis 9 zeichnen einen Task, Leertaste zeichnet den gewählten, 0 oder Entf löscht, Eingabe prüft.
sheet-title = Aufgabenblatt
sheet-about = Gleiche Strategie und gleicher Startwert geben überall dieselbe Aufgabe.
sheet-policy = Strategie
sheet-seed = Startwert
sheet-tasks = Tasks
sheet-cores = Kerne
sheet-io = E/A
sheet-io-none = keine
sheet-io-parallel = ein Gerät je Task
sheet-io-fcfs = ein Gerät für alle
sheet-solve = Hier lösen:
sheet-solve-as = Das Blatt lösen: { $way }
sheet-key = Lösung
sheet-html = HTML …
sheet-csv = CSV …
sheet-text = Text …
sheet-same = Dasselbe auf der Kommandozeile:
sheet-heading = { $title } ({ $policy }) auf { $cores ->
    [one] einem Kern
   *[other] { $cores } Kernen
}{ $io }, Aufgabe { $seed }
sheet-means = Antwortzeit { $response } ms, Wartezeit { $waiting } ms
sheet-with-io = {" "}mit E/A
