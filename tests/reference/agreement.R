# Reproduces agreement.json. Run in this folder: Rscript agreement.R
# Versions used: R 4.2.2, psych 2.2.9, multilevel 2.7, lme4 1.1-31, vcd 1.4-11; irr 0.84.1 and irrCAC 1.0, whose
# entries are kept as they are when these two packages are not installed.
suppressMessages({library(jsonlite); library(psych); library(multilevel); library(lme4); library(vcd)})

sf <- read.csv("data/shrout_fleiss.csv")
anx <- read.csv("data/irr_anxiety.csv")
vid <- read.csv("data/irr_video.csv")
dia <- read.csv("data/irr_diagnoses.csv")
kr <- read.csv("data/krippendorff_units.csv")
pr <- read.csv("data/sim52_peers_C1.csv")
items <- paste0("C1_0", 1:7)
pr$C1 <- rowMeans(pr[items], na.rm = TRUE)
wide <- function(x) unclass(tapply(pr[[x]], list(pr$ratee, pr$rater), mean))
pw <- wide("C1_01")
complete <- na.omit(pr[c("ratee", items)])
tables <- list(krippendorff = kr, anxiety = anx, peers = pw, diagnoses = dia)

file <- "agreement.json"
results <- if (file.exists(file)) read_json(file)$results else list()
record <- function(name, dataset, call, note = "", needs = "psych") {
  if (!requireNamespace(needs, quietly = TRUE)) return(invisible())
  value <- suppressMessages(suppressWarnings(eval(parse(text = call))))
  results[[name]] <<- list(dataset = dataset, call = call, value = value, note = note)
}
as_table <- function(x) setNames(as.list(as.data.frame(x)), colnames(x))

for (name in c("sf", "anx", "vid")) {
  record(paste0("icc_", name), name, sprintf("as_table(ICC(%s, lmer = FALSE)$results)", name))
}
crossed <- function(x) {
  long <- data.frame(y = c(as.matrix(x)), s = c(row(x)), r = c(col(x)))
  m <- lmer(y ~ 1 + (1 | s) + (1 | r), na.omit(long), control = lmerControl(optimizer = "bobyqa",
            optCtrl = list(rhoend = 1e-10)))
  v <- as.data.frame(VarCorr(m))
  as.list(setNames(v$vcov, v$grp))
}
record("crossed_anx", "anx", "crossed(anx)", "variances of lmer(y ~ 1 + (1 | subject) + (1 | rater))", "lme4")
anx_missing <- as.matrix(anx); anx_missing[cbind(c(1, 5, 9, 9, 14), c(1, 2, 3, 1, 2))] <- NA
record("crossed_anx_missing", "anx with five ratings missing", "crossed(anx_missing)", "", "lme4")

record("kappa_ci_vcd", "anx, raters 1 and 2", paste0(
  "{ t <- table(factor(anx[[1]], 1:6), factor(anx[[2]], 1:6)); ",
  "k <- Kappa(t, weights = 'Equal-Spacing'); q <- Kappa(t, weights = 'Fleiss-Cohen'); ",
  "list(none = k$Unweighted, linear = k$Weighted, quadratic = q$Weighted) }"), "value and standard error", "vcd")
record("kappa_dia", "dia, raters 1 and 2", "cohen.kappa(dia[, 1:2])$kappa")
for (w in c("unweighted", "equal", "squared")) {
  record(paste0("kappa2_", w), "anx, raters 1 and 2", sprintf("irr::kappa2(anx[, 1:2], '%s')$value", w), "", "irr")
}
record("fleiss_dia", "dia", "irr::kappam.fleiss(dia)$value", "", "irr")
record("fleiss_anx", "anx", "irr::kappam.fleiss(anx)$value", "", "irr")
record("conger_dia", "dia", "irr::kappam.fleiss(dia, exact = TRUE)$value", "", "irr")
for (m in c("nominal", "ordinal", "interval", "ratio")) {
  record(paste0("kripp_", m, "_krippendorff"), "kr", sprintf("irr::kripp.alpha(t(as.matrix(kr)), '%s')$value", m), "", "irr")
  if (m != "ratio") record(paste0("kripp_", m, "_peers"), "pw, item C1_01",
                           sprintf("irr::kripp.alpha(t(pw), '%s')$value", m), "", "irr")
}
cac <- c(gwet = "gwet.ac1.raw", fleiss = "fleiss.kappa.raw", pa = "pa.coeff.raw")
for (x in names(tables)[1:3]) for (w in c("unweighted", "linear", "quadratic", "ordinal")) for (f in names(cac)) {
  record(paste("cac", f, w, x, sep = "_"), x, sprintf("irrCAC::%s(tables$%s, weights = '%s')$est", cac[f], x, w),
         "pa and pe in full, coefficient and standard error rounded to five digits", "irrCAC")
}

record("icc_groups_aov", "peers, C1", paste0("{ m <- aov(C1 ~ as.factor(ratee), pr); ",
  "list(ICC1 = ICC1(m), ICC2 = ICC2(m), ms = summary(m)[[1]]$'Mean Sq') }"), "mean group size", "multilevel")
record("icc_groups_lmer", "peers, C1", paste0("{ v <- as.data.frame(VarCorr(lmer(C1 ~ 1 + (1 | ratee), pr, ",
  "control = lmerControl(optimizer = 'bobyqa', optCtrl = list(rhoend = 1e-10))))); ",
  "list(tau00 = v$vcov[1], sigma2 = v$vcov[2]) }"), "", "lme4")
record("icc_groups_profile", "peers, C1", paste0(
  "{ m <- lmer(C1 ~ 1 + (1 | ratee), pr); ",
  "f <- update(m, devFunOnly = TRUE); best <- f(getME(m, 'theta')); ",
  "g <- function(s) f(sqrt(s / (1 - s))) - best - qchisq(.95, 1); e <- VarCorr(m)[[1]][1]; ",
  "s <- e / (e + sigma(m)^2); list(lower = uniroot(g, c(1e-6, s), tol = 1e-10)$root, ",
  "upper = uniroot(g, c(s, .99), tol = 1e-10)$root) }"),
  "restricted deviance profiled over the intraclass correlation", "lme4")
record("rwg_j", "peers, complete on C1", "as.list(rwg.j(complete[-1], complete$ratee, ranvar = 2))", "", "multilevel")
record("rwg_j_skew", "peers, complete on C1", "as.list(rwg.j(complete[-1], complete$ratee, ranvar = 1.34))", "", "multilevel")
record("r_star", "peers, complete on C1", "as.list(rwg.j.lindell(complete[-1], complete$ratee, ranvar = 2))", "", "multilevel")
record("rwg", "peers, C1_01 of complete rows", "as.list(rwg(complete$C1_01, complete$ratee, ranvar = 2))", "", "multilevel")
record("ad_mean", "peers, complete on C1", "as.list(ad.m(complete[-1], complete$ratee))", "", "multilevel")
record("ad_median", "peers, complete on C1", "as.list(ad.m(complete[-1], complete$ratee, type = 'median'))", "", "multilevel")
balanced <- local({ # ratees with at least three complete raters, the first three of each
  n <- ave(seq_along(complete$ratee), complete$ratee, FUN = seq_along)
  x <- complete[n <= 3 & complete$ratee %in% names(which(table(complete$ratee) >= 3)), ]
  x$rater <- ave(seq_along(x$ratee), x$ratee, FUN = seq_along)
  x
})
long <- function(x) data.frame(y = unlist(x[items], use.names = FALSE), p = factor(x$ratee),
                               r = factor(paste(x$ratee, x$rater)), i = factor(rep(items, each = nrow(x))))
g_lmer <- function(x) {
  v <- as.data.frame(VarCorr(lmer(y ~ 1 + (1 | p) + (1 | r) + (1 | i) + (1 | p:i), long(x),
       control = lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10, maxfun = 1e5)))))
  as.list(setNames(v$vcov, v$grp))
}
record("generalisability_balanced", "peers: first three complete raters of each ratee who has three",
       "g_lmer(balanced)", "lmer, persons x (raters within persons) x items; equals the ANOVA estimates when all are positive", "lme4")
write_json(list(meta = list(R = R.version.string), results = results), file, auto_unbox = TRUE, digits = 17, na = "null")
