# Reproduces dimensionality.json. Run in this folder: Rscript dimensionality.R
# Versions used: R 4.2.2, psych 2.2.9, glasso 1.11, igraph 1.3.5.
suppressMessages({library(psych); library(jsonlite)})

bfi <- read.csv("data/bfi.csv")[, 1:25]
full <- read.csv("data/sim52_full.csv")
sets <- list(bfi = na.omit(bfi), sim52 = full[grep("^C[0-9]_", names(full))])
entry <- function(dataset, call, value, note = "") list(dataset = dataset, call = call, value = value, note = note)

results <- list()
for (s in names(sets)) {
  x <- sets[[s]]
  r <- cor(x)
  k <- KMO(r)
  results[[paste0("kmo_", s)]] <- entry(s, "psych::KMO(r)", list(overall = k$MSA, items = as.list(k$MSAi)))
  results[[paste0("bartlett_", s)]] <- entry(s, "psych::cortest.bartlett(r, n)", cortest.bartlett(r, n = nrow(x))[c("chisq", "df")])
  v <- vss(r, n = 12, rotate = "none", fm = "minres", n.obs = nrow(x), plot = FALSE)
  results[[paste0("map_", s)]] <- entry(s, "psych::vss(r)$map", list(map = v$map), "after 1, 2, ... components")
  set.seed(1)
  pa <- fa.parallel(x, fa = "both", fm = "minres", n.iter = 100, plot = FALSE, sim = TRUE)
  results[[paste0("parallel_", s)]] <- entry(s, "psych::fa.parallel(x, fa = 'both', fm = 'minres', n.iter = 100)",
    list(fa = pa$fa.values, fa_mean = pa$fa.sim, pc = pa$pc.values, pc_mean = pa$pc.sim, nfact = pa$nfact, ncomp = pa$ncomp),
    "random: means of simulated normal data; suggestions by the .95 quantile")
  g <- glasso::glasso(r, rho = 0.1, penalize.diagonal = FALSE, thr = 1e-8)$wi
  g <- (g + t(g)) / 2
  network <- -cov2cor(g)
  diag(network) <- 0
  graph <- igraph::graph_from_adjacency_matrix(abs(network), mode = "undirected", weighted = TRUE)
  walks <- igraph::cluster_walktrap(graph, steps = 4)
  results[[paste0("network_", s)]] <- entry(s, "glasso::glasso(r, rho = 0.1, penalize.diagonal = FALSE)",
                                            network[lower.tri(network)], "partial correlations, lower triangle")
  results[[paste0("walktrap_", s)]] <- entry(s, "igraph::cluster_walktrap(abs(network), steps = 4)",
    list(membership = as.integer(igraph::membership(walks)), modularity = max(walks$modularity)))
}
k <- KMO(cor(bfi, use = "pairwise"))
results$kmo_pairwise_bfi <- entry("bfi with missing answers", "psych::KMO(cor(x, use = 'pairwise'))",
                                  list(overall = k$MSA, items = as.list(k$MSAi)))
set.seed(7)
random <- matrix(0, 30, 30)
random[lower.tri(random)] <- rbinom(435, 1, 0.12) * round(runif(435, 0.05, 1), 2)
random <- random + t(random)
walks <- igraph::cluster_walktrap(igraph::graph_from_adjacency_matrix(random, mode = "undirected", weighted = TRUE), steps = 4)
results$walktrap_random <- entry("random network of 30 nodes", "igraph::cluster_walktrap(graph, steps = 4)",
  list(weights = random[lower.tri(random)], membership = as.integer(igraph::membership(walks)), modularity = max(walks$modularity)))
meta <- list(R = R.version.string, psych = as.character(packageVersion("psych")))
write_json(list(meta = meta, results = results), "dimensionality.json", digits = 15, auto_unbox = TRUE)
