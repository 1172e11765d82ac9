(* The backward pass: means of |df/dW_k|^2 and of |H_kl|^2, with the gates of the same weights that the signal sees.

   That gates act as if they were independent is proved here, not assumed: a row of W that changes its sign flips its
   gate and nothing else. Beyond what OneLayer.v assumes, E has the mean 1 of 1, and no preactivation is exactly 0
   unless the signal is. *)
From Coq Require Import Reals Lia Lra FunctionalExtensionality Arith.
From Vanishing Require Import Sums Recursions OneLayer Layers.
Open Scope R_scope.

(* some unit is not 0 *)
Definition alive (n : nat) (a : vector) : Prop := exists i, (i < n)%nat /\ a i <> 0.

Record without_atoms (n : nat) (E : (matrix -> R) -> R) : Prop := {
  normalized : E (fun _ => 1) = 1;
  no_atoms : forall a f g, alive n a ->
    (forall w, (forall r, (r < n)%nat -> z n w a r <> 0) -> f w = g w) -> E f = E g
}.

(* phi(z) = gate(z) z *)
Definition gate (slope z : R) : R := if Rlt_dec 0 z then 1 else slope.
Definition gates (n : nat) (slope : R) (w : matrix) (a : vector) (r : nat) : R := gate slope (z n w a r).

(* E c_i c_j for c = df/da, the gradient at the activation a above which there are some layers:
   c = v without any, and c = W^T D c' for a layer more. V i j is E v_i v_j. *)
Fixpoint pulled (n : nat) (slope : R) (E : (matrix -> R) -> R) (V : nat -> nat -> R) (above : nat)
    (i j : nat) (a : vector) : R :=
  match above with
  | O => V i j
  | S fewer =>
      E (fun w => sum n (fun r => sum n (fun t =>
        w r i * gates n slope w a r * (w t j * gates n slope w a t)
        * pulled n slope E V fewer r t (layer n slope w a))))
  end.

(* E|b|^2 for b = D c at the layer that acts on a *)
Definition masked (n : nat) (slope : R) (E : (matrix -> R) -> R) (V : nat -> nat -> R) (above : nat) (a : vector) : R :=
  E (fun w => sum n (fun r => gates n slope w a r ^ 2 * pulled n slope E V above r r (layer n slope w a))).

(* E|df/dW_k|^2 = E|b_k|^2 |a_{k-1}|^2 with L = above + below + 1 and k = below + 1 *)
Definition gradient (n : nat) (slope : R) (E : (matrix -> R) -> R) (V : nat -> nat -> R) (above below : nat)
    (x : vector) : R :=
  after n slope E below (fun a => square n a * masked n slope E V above a) x.

(* D W M for the layer that acts on a, and the mask D alone *)
Definition through (n : nat) (slope : R) (w : matrix) (a : vector) (M : matrix) : matrix :=
  fun r c => gates n slope w a r * z n w (fun t => M t c) r.
Definition mask (n : nat) (slope : R) (w : matrix) (a : vector) : matrix :=
  fun r c => if (r =? c)%nat then gates n slope w a r else 0.

Definition frobenius (n : nat) (M : matrix) : R := sum n (fun r => sum n (fun c => M r c ^ 2)).

(* the signal and the Jacobian M, through some layers *)
Fixpoint walk (n : nat) (slope : R) (E : (matrix -> R) -> R) (between : nat) (f : vector -> matrix -> R)
    (a : vector) (M : matrix) : R :=
  match between with
  | O => f a M
  | S fewer => E (fun w => walk n slope E fewer f (layer n slope w a) (through n slope w a M))
  end.

(* E|H_kl|^2 = E|b_l|^2 |M_lk|^2 |a_{k-1}|^2 with L = above + between + below + 2, k = below + 1, l = below + between + 2 *)
Definition block (n : nat) (slope : R) (E : (matrix -> R) -> R) (V : nat -> nat -> R) (above between below : nat)
    (x : vector) : R :=
  after n slope E below (fun a => square n a * E (fun w =>
    walk n slope E between (fun a M => frobenius n M * masked n slope E V above a)
      (layer n slope w a) (mask n slope w a))) x.

(* ---- sums -------------------------------------------------------------------------------------------------------- *)

Lemma sum_of_one : forall n r (f : nat -> R) c, (r < n)%nat -> sum n (fun t => f t * (if (r =? t)%nat then c else 0)) = f r * c.
Proof.
  assert (none : forall n r (f : nat -> R) c, (n <= r)%nat -> sum n (fun t => f t * (if (r =? t)%nat then c else 0)) = 0).
  { induction n as [| n IH]; intros; simpl; [reflexivity |]. rewrite IH by lia.
    destruct (Nat.eqb_spec r n); [lia | ring]. }
  induction n as [| n IH]; intros r f c below; [lia |]. simpl.
  destruct (Nat.eqb_spec r n) as [same | apart].
  - rewrite none by lia. rewrite same. ring.
  - rewrite IH by lia. ring.
Qed.

Lemma sum_swapped : forall n m (f : nat -> nat -> R), sum n (fun i => sum m (f i)) = sum m (fun j => sum n (fun i => f i j)).
Proof.
  induction n as [| n IH]; intros m f; simpl.
  - rewrite sum_of_constant. ring.
  - rewrite IH, <- sum_added. reflexivity.
Qed.

Lemma some_or_none : forall (f : nat -> R) n, (exists i, (i < n)%nat /\ f i <> 0) \/ (forall i, (i < n)%nat -> f i = 0).
Proof.
  intros f n; induction n as [| n [[i [below found]] | none]].
  - right; lia.
  - left; exists i; split; [lia | exact found].
  - destruct (Req_EM_T (f n) 0) as [zero | found].
    + right; intros i below. destruct (Nat.eq_dec i n); [subst; exact zero | apply none; lia].
    + left; exists n; split; [lia | exact found].
Qed.

Lemma square_of_dead : forall n a, (forall i, (i < n)%nat -> a i = 0) -> square n a = 0.
Proof.
  intros n a dead; unfold square. rewrite (sum_of_equals n _ (fun _ => 0)) by (intros i below; rewrite dead by exact below; ring).
  rewrite sum_of_constant. ring.
Qed.

Lemma after_scaled : forall n slope E c f, (forall g, E (fun w => c * g w) = c * E g) -> forall depth x,
  after n slope E depth (fun a => c * f a) x = c * after n slope E depth f x.
Proof.
  intros n slope E c f scale depth; induction depth as [| depth IH]; intro x; [reflexivity |].
  simpl. rewrite <- scale. f_equal; extensionality w; apply IH.
Qed.

Section Mean.
  Variables (n : nat) (s2 slope tau : R) (E : (matrix -> R) -> R) (V : nat -> nat -> R).
  Hypothesis law : second_moments n n s2 E.
  Hypothesis smooth : without_atoms n E.
  Hypothesis signs : forall i j, (i < n)%nat -> (j < n)%nat -> V i j = if (i =? j)%nat then tau else 0.

  Let q := INR n * gate2 slope * s2.
  Let scale := homogeneous _ _ _ _ law.

  Lemma gate_square : forall z, z <> 0 -> gate slope z ^ 2 + gate slope (- z) ^ 2 = 1 + slope ^ 2.
  Proof. intros z apart; unfold gate; destruct (Rlt_dec 0 z), (Rlt_dec 0 (- z)); try (exfalso; lra); ring. Qed.

  Lemma layer_is_gated : forall w a r, layer n slope w a r = gates n slope w a r * z n w a r.
  Proof. intros; unfold layer, gates, phi, gate; destruct (Rlt_dec 0 (z n w a r)); ring. Qed.

  Lemma alive_behind_a_gate : forall w a r, (r < n)%nat -> z n w a r <> 0 -> gates n slope w a r <> 0 ->
    alive n (layer n slope w a).
  Proof.
    intros w a r below apart on; exists r; split; [exact below |]. rewrite layer_is_gated.
    apply Rmult_integral_contrapositive_currified; assumption.
  Qed.

  (* The gate of a row and whatever does not change with the row's sign are as if independent. *)
  Lemma E_gated : forall r a f, (r < n)%nat -> alive n a -> (forall w, f (flip_row r n w) = f w) ->
    E (fun w => gates n slope w a r ^ 2 * f w) = gate2 slope * E f.
  Proof.
    intros r a f below living even. rewrite (E_halved n n s2 E law r) by exact below. rewrite <- scale.
    apply (no_atoms n E smooth a); [exact living |]. intros w apart. unfold gates.
    rewrite z_of_flip_row, even. unfold gate2.
    transitivity ((gate slope (z n w a r) ^ 2 + gate slope (- z n w a r) ^ 2) * f w * / 2); [field |].
    rewrite gate_square by (apply apart; exact below). field.
  Qed.

  Lemma E_pair : forall r i j, (r < n)%nat -> (i < n)%nat -> (j < n)%nat ->
    E (fun w : matrix => w r i * w r j) = if (i =? j)%nat then s2 else 0.
  Proof.
    intros r i j; intros. destruct (Nat.eqb_spec i j) as [same | apart].
    - subst j. rewrite <- (variance _ _ _ _ law r i) by assumption. f_equal; extensionality w; ring.
    - apply (E_odd n n s2 E law r i); try assumption. intro w. rewrite flip_at, flip_elsewhere; [ring |].
      intro same; injection same; congruence.
  Qed.

  Lemma pair_is_even : forall r i j w, (i < n)%nat -> (j < n)%nat ->
    flip_row r n w r i * flip_row r n w r j = w r i * w r j.
  Proof.
    intros r i j w; intros; unfold flip_row; rewrite Nat.eqb_refl.
    destruct (Nat.ltb_spec i n), (Nat.ltb_spec j n); simpl; try lia; ring.
  Qed.

  Theorem pulled_is_white : forall above i j a, (i < n)%nat -> (j < n)%nat -> alive n a ->
    pulled n slope E V above i j a = if (i =? j)%nat then tau * q ^ above else 0.
  Proof.
    intro above; induction above as [| above IH]; intros i j a; intros.
    - simpl. rewrite signs by assumption. destruct (i =? j)%nat; ring.
    - simpl pulled.
      transitivity (E (fun w => sum n (fun r => tau * q ^ above * (gates n slope w a r ^ 2 * (w r i * w r j))))).
      { apply (no_atoms n E smooth a); [assumption |]. intros w apart. apply sum_of_equals; intros r below.
        transitivity (sum n (fun t => (w r i * gates n slope w a r * (w t j * gates n slope w a t))
          * (if (r =? t)%nat then tau * q ^ above else 0))).
        { apply sum_of_equals; intros t under.
          destruct (Req_EM_T (gates n slope w a r) 0) as [off | on].
          - rewrite off. ring.
          - rewrite IH; [reflexivity | assumption | assumption |].
            apply (alive_behind_a_gate w a r); [assumption | apply apart; assumption | assumption]. }
        rewrite sum_of_one by assumption. ring. }
      rewrite (E_sum n n s2 E law).
      rewrite (sum_of_equals n _ (fun _ => if (i =? j)%nat then tau * q ^ above * (gate2 slope * s2) else 0)).
      + rewrite sum_of_constant. destruct (i =? j)%nat; unfold q; simpl; ring.
      + intros r below. rewrite scale, (E_gated r a (fun w => w r i * w r j)) by
          (try assumption; intro w; apply pair_is_even; assumption).
        rewrite E_pair by assumption. destruct (i =? j)%nat; ring.
  Qed.

  Theorem masked_is : forall above a, alive n a -> masked n slope E V above a = INR n * gate2 slope * tau * q ^ above.
  Proof.
    intros above a living; unfold masked.
    transitivity (E (fun w => sum n (fun r => tau * q ^ above * (gates n slope w a r ^ 2 * 1)))).
    { apply (no_atoms n E smooth a); [exact living |]. intros w apart. apply sum_of_equals; intros r below.
      destruct (Req_EM_T (gates n slope w a r) 0) as [off | on]; [rewrite off; ring |].
      rewrite pulled_is_white; [rewrite Nat.eqb_refl; ring | assumption | assumption |].
      apply (alive_behind_a_gate w a r); [assumption | apply apart; assumption | assumption]. }
    rewrite (E_sum n n s2 E law).
    rewrite (sum_of_equals n _ (fun _ => tau * q ^ above * gate2 slope)).
    - rewrite sum_of_constant. ring.
    - intros r below. rewrite scale, (E_gated r a (fun _ => 1)), (normalized n E smooth) by (try assumption; reflexivity). ring.
  Qed.

  Theorem gradient_is : forall above below x,
    gradient n slope E V above below x = carried1 q (INR n * gate2 slope * tau) above * carried1 q (square n x) below.
  Proof.
    intros above below x; unfold gradient.
    replace (fun a => square n a * masked n slope E V above a)
      with (fun a => (INR n * gate2 slope * tau * q ^ above) * square n a).
    - rewrite after_scaled by (intro g; apply scale). rewrite (square_after n s2 slope E law), !carried1_is_a_power.
      unfold q; ring.
    - extensionality a. destruct (some_or_none a n) as [living | dead].
      + rewrite masked_is by exact living. ring.
      + rewrite square_of_dead by exact dead. ring.
  Qed.

  (* ---- Jacobians -------------------------------------------------------------------------------------------------- *)

  Definition nothing (M : matrix) : Prop := forall r c, (r < n)%nat -> (c < n)%nat -> M r c = 0.

  Lemma frobenius_of_nothing : forall M, nothing M -> frobenius n M = 0.
  Proof.
    intros M none; unfold frobenius. rewrite (sum_of_equals n _ (fun _ => 0)); [rewrite sum_of_constant; ring |].
    intros r below. rewrite (sum_of_equals n _ (fun _ => 0)); [rewrite sum_of_constant; ring |].
    intros c under. rewrite none by assumption. ring.
  Qed.

  Lemma walk_of_nothing : forall between above a M, nothing M ->
    walk n slope E between (fun a M => frobenius n M * masked n slope E V above a) a M = 0.
  Proof.
    intros between above; induction between as [| between IH]; intros a M none; simpl.
    - rewrite frobenius_of_nothing by exact none. ring.
    - apply (E_nothing n n s2 E law). intro w. apply IH. intros r c below under. unfold through, z.
      rewrite (sum_of_equals n _ (fun _ => 0)) by (intros t least; rewrite none by assumption; ring).
      rewrite sum_of_constant. ring.
  Qed.

  Lemma E_through : forall a M, alive n a -> E (fun w => frobenius n (through n slope w a M)) = q * frobenius n M.
  Proof.
    intros a M living. unfold frobenius at 1. rewrite (E_sum n n s2 E law).
    rewrite (sum_of_equals n _ (fun _ => gate2 slope * s2 * frobenius n M)); [rewrite sum_of_constant; unfold q; ring |].
    intros r below. rewrite (E_sum n n s2 E law).
    rewrite (sum_of_equals n _ (fun c => gate2 slope * s2 * sum n (fun t => M t c ^ 2))).
    - rewrite sum_scaled, sum_swapped. reflexivity.
    - intros c under. unfold through.
      replace (fun w : matrix => (gates n slope w a r * z n w (fun t => M t c) r) ^ 2)
        with (fun w : matrix => gates n slope w a r ^ 2 * z n w (fun t => M t c) r ^ 2) by (extensionality w; ring).
      rewrite (E_gated r a (fun w => z n w (fun t => M t c) r ^ 2));
        [| assumption | assumption | intro w; rewrite z_of_flip_row; ring].
      rewrite (E_z_square n n s2 E law r (fun t => M t c) n) by lia. unfold square. ring.
  Qed.

  Lemma walk_is : forall between above a M, alive n a ->
    walk n slope E between (fun a M => frobenius n M * masked n slope E V above a) a M
    = q ^ between * frobenius n M * (INR n * gate2 slope * tau * q ^ above).
  Proof.
    intros between above; induction between as [| between IH]; intros a M living; simpl walk.
    - rewrite masked_is by exact living. simpl; ring.
    - transitivity (E (fun w => q ^ between * (INR n * gate2 slope * tau * q ^ above)
        * frobenius n (through n slope w a M))).
      { apply (no_atoms n E smooth a); [exact living |]. intros w apart.
        destruct (some_or_none (gates n slope w a) n) as [[r [below on]] | off].
        - rewrite IH; [ring |]. apply (alive_behind_a_gate w a r); [assumption | apply apart; assumption | assumption].
        - assert (none : nothing (through n slope w a M)).
          { intros r c below under; unfold through. rewrite off by assumption. ring. }
          rewrite walk_of_nothing, frobenius_of_nothing by exact none. ring. }
      rewrite scale, E_through by exact living. simpl; ring.
  Qed.

  Theorem block_is : forall above between below x,
    block n slope E V above between below x
    = carried1 q (INR n * gate2 slope * tau) above * carried1 q (INR n * gate2 slope) between
      * carried1 q (square n x) below.
  Proof.
    intros above between below x; unfold block.
    set (C := q ^ between * (INR n * gate2 slope * tau * q ^ above)).
    match goal with |- after _ _ _ _ ?f _ = _ => replace f with (fun a => (C * (INR n * gate2 slope)) * square n a) end.
    - rewrite after_scaled by (intro g; apply scale). rewrite (square_after n s2 slope E law), !carried1_is_a_power.
      unfold C, q; ring.
    - extensionality a. destruct (some_or_none a n) as [living | dead];
        [| rewrite square_of_dead by exact dead; ring].
      transitivity (square n a * (C * E (fun w => sum n (fun r => gates n slope w a r ^ 2 * 1)))).
      + rewrite (E_sum n n s2 E law). rewrite (sum_of_equals n _ (fun _ => gate2 slope)); [rewrite sum_of_constant; ring |].
        intros r under. rewrite (E_gated r a (fun _ => 1)), (normalized n E smooth) by (try assumption; reflexivity). ring.
      + f_equal. rewrite <- scale. apply (no_atoms n E smooth a); [exact living |]. intros w apart.
        destruct (some_or_none (gates n slope w a) n) as [[r [under on]] | off].
        * rewrite walk_is by
            (apply (alive_behind_a_gate w a r); [assumption | apply apart; assumption | assumption]).
          replace (frobenius n (mask n slope w a)) with (sum n (fun r => gates n slope w a r ^ 2 * 1)); [unfold C; ring |].
          unfold frobenius, mask. apply sum_of_equals; intros s least.
          rewrite (sum_of_equals n _ (fun c => gates n slope w a s * (if (s =? c)%nat then gates n slope w a s else 0))).
          -- rewrite (sum_of_one n s (fun _ => gates n slope w a s)) by exact least. ring.
          -- intros c lower. destruct (s =? c)%nat; ring.
        * assert (none : nothing (mask n slope w a)).
          { intros s c least lower; unfold mask. rewrite off by assumption. destruct (s =? c)%nat; reflexivity. }
          rewrite walk_of_nothing by exact none.
          rewrite (sum_of_equals n _ (fun _ => 0)) by (intros s least; rewrite off by exact least; ring).
          rewrite sum_of_constant. ring.
  Qed.
End Mean.
